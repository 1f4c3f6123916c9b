import os
import unicodedata
from pathlib import Path

import pytest
from sources import write_files

from fer_transfer.console.errors import InputError
from fer_transfer.readers import class_folders
from fer_transfer.readers.listing import BAD_NAME, EMPTY, OF_THE_SYSTEM


def listed(folder: Path, *names: str) -> set[tuple[str, str, str]]:
    """Return the label, person and part of each file that is not dropped."""
    listing = class_folders.read(write_files(folder, dict.fromkeys(names, b"")))
    columns = (listing.table[name] for name in ("label", "person", "part"))
    return set(zip(*columns, strict=True))


@pytest.mark.parametrize(
    ("around", "part"), [("", "train"), ("archive/", "TRAIN"), ("a/b/", "train_set")]
)
def test_the_part_is_the_folder_above_the_class(tmp_path, around, part):
    names = (f"{around}{part}/happy/1.png", f"{around}test/sad/1.png")
    expected = {("happy", "", "train"), ("sad", "", "test")}
    assert listed(tmp_path, *names) == expected
    assert listed(tmp_path, f"{around}unlabelled/1.png") == expected


@pytest.mark.parametrize(
    "names",
    [
        *[("happy/1", "sad/2"), ("set/happy/1", "set/sad/2")],
        *[("happy/cropped/1", "sad/cropped/2"), ("happy/a/b/1", "sad/a/b/2")],
    ],
)
def test_without_parts_the_first_folder_that_differs_is_the_class(tmp_path, names):
    assert listed(tmp_path, *names) == {("happy", "", ""), ("sad", "", "")}


def test_a_class_may_be_called_as_a_part_and_have_photos_of_its_own_kind(tmp_path):
    found = listed(tmp_path, "valid/Ann/1.png", "invalid/Ann/2.jp2", "invalid/Bo/3.NEF")
    expected = {("valid", ""), ("invalid", "")}
    assert {(label, part) for label, _, part in found} == expected


def test_own_classes_are_called_as_their_folders_in_any_form_of_unicode(tmp_path):
    apart = unicodedata.normalize("NFD", "fröhlich")
    names = ("fröhlich/1.png", f"{apart}/2.png", "sehr müde/3.png")
    expected = {("fröhlich", "", ""), ("sehr müde", "", "")}
    assert listed(tmp_path, *names) == expected


@pytest.mark.parametrize("part", ["", "train/"])
def test_people_may_have_folders_inside_the_classes_or_around_them(tmp_path, part):
    expected = {
        (label, person, part.strip("/"))
        for label in ("happy", "sad")
        for person in ("Ann", "Bo")
    }
    inside = [f"{part}{label}/{person}/1.png" for label, person, _ in expected]
    around = [f"{part}{person}/{label}/1.png" for label, person, _ in expected]
    assert listed(tmp_path / "inside", *inside) == expected
    assert listed(tmp_path / "around", *around) == expected


def test_images_without_a_suffix_do_not_make_the_others_folder_a_wrapper(tmp_path):
    names = ("bored/in/1.png", "idle/in/2")
    assert listed(tmp_path, *names) == {("bored", "", ""), ("idle", "", "")}


def test_a_folder_without_a_photo_and_names_that_cannot_be_written_are_said(tmp_path):
    (tmp_path / "fear").mkdir()
    names = ("happy/1.png", "sad/a\rb.png", "sad/2.png", "angry/.DS_Store")
    listing = class_folders.read(write_files(tmp_path, dict.fromkeys(names, b"")))
    reasons = dict(listing.dropped)
    assert reasons["angry/"] == reasons["fear/"] == EMPTY
    assert (
        reasons[r"sad/a\rb.png"] == BAD_NAME
    )  # a bare \r would end a line of a CSV file
    (tmp_path / os.fsdecode(b"traurig\xff")).mkdir()
    with pytest.raises(InputError, match=r"its name is not UTF-8 .* rename it"):
        class_folders.read(tmp_path)


PEOPLE = [("Ann/happy/1.png", "happy", "Ann"), ("Bo/sad/2.png", "sad", "Bo")]
PEOPLE_INSIDE = [("happy/Ann/1.png", "happy", "Ann"), ("sad/Bo/2.png", "sad", "Bo")]


@pytest.mark.parametrize(
    ("rows", "beside"),
    [
        ([*PEOPLE, ("Ann/bored/3.png", "bored", "Ann")], "Bo/notes.txt"),
        ([*PEOPLE, ("Ann/happy/old/3.png", "happy", "Ann")], "LICENSE"),
        ([("happy/Ann/old/1.png", "happy", "Ann"), *PEOPLE_INSIDE[1:]], "LICENSE"),
        (
            [("bored/Joy/1.png", "bored", "Joy"), ("idle/Ann/2.png", "idle", "Ann")],
            "LICENSE",
        ),
        ([("sad/2.png", "sad", ""), ("more/happy/1.png", "more", "")], "sad/x.yaml"),
        ([*PEOPLE_INSIDE, ("sad/3.png", "sad", "")], "happy/readme.txt"),
        ([(f"set/{name}", *row) for name, *row in PEOPLE_INSIDE], "README.md"),
        ([(f"set/{name}", *row) for name, *row in PEOPLE], "set/LICENSE"),
        ([(f"set/{name}", *row) for name, *row in PEOPLE], "set/cover.jpg"),
        ([(f"set/{name}", *row) for name, *row in PEOPLE_INSIDE], "cover.jpg"),
    ],
)
def test_stray_files_and_own_classes_do_not_turn_people_into_classes(
    tmp_path, caplog, rows, beside
):
    names = [name for name, *_ in rows]
    files = dict.fromkeys([*names, beside], b"")
    listing = class_folders.read(write_files(tmp_path, files))
    table = listing.table[listing.table["file"].str.endswith(".png")]
    found = table[["file", "label", "person"]].values.tolist()
    assert sorted(map(tuple, found)) == sorted(rows)
    assert ("Folders read as classes: bored" in caplog.text) == ("bored" in str(rows))


@pytest.mark.parametrize(
    "name",
    [
        *("happy/._1.png", "Thumbs.db", "__MACOSX/happy/1.png"),
        "happy/1.png:Zone.Identifier",
    ],
)
def test_what_systems_leave_beside_images_is_dropped_and_says_so(tmp_path, name):
    files = {"happy/1.png": b"", "sad/1.png": b"", name: b""}
    listing = class_folders.read(write_files(tmp_path, files))
    assert listing.dropped == [(name, OF_THE_SYSTEM)]
    assert len(listing.table) == 2


def test_every_file_is_listed_or_dropped_with_its_reason(tmp_path):
    listed = ["happy/1.png", "sad/.1.jpg.icloud", "sad/1", "sad/notes.txt"]
    names = [*listed, "labels.XLSX", "readme.md", ".x"]
    listing = class_folders.read(write_files(tmp_path, dict.fromkeys(names, b"")))
    assert listing.table["file"].tolist() == sorted(listed)
    assert sorted(listing.dropped) == [
        (".x", OF_THE_SYSTEM),
        ("labels.XLSX", class_folders.NOT_A_MANIFEST),
        ("readme.md", class_folders.OUTSIDE),
    ]
