import unicodedata
from pathlib import Path

import pytest
from sources import write_files

from fer_transfer.readers import class_folders
from fer_transfer.readers.listing import OF_THE_SYSTEM


def listed(folder: Path, *names: str) -> set[tuple[str, str, str]]:
    """Return the label, person and part of each file that is not dropped."""
    listing = class_folders.read(write_files(folder, dict.fromkeys(names, b"")))
    columns = (listing.table[name] for name in ("label", "person", "part"))
    return set(zip(*columns, strict=True))


@pytest.mark.parametrize("part", ["train", "Training", "TRAIN", "train_set"])
@pytest.mark.parametrize("around", ["", "archive/", "a/b/"])
def test_the_part_is_the_folder_above_the_class(tmp_path, part, around):
    names = (f"{around}{part}/happy/1.png", f"{around}test/sad/1.png")
    assert listed(tmp_path, *names) == {("happy", "", "train"), ("sad", "", "test")}


@pytest.mark.parametrize(
    "names",
    [("happy/1", "sad/2"), ("set/happy/1", "set/sad/2"), ("happy/a/b/1", "sad/a/b/2")],
)
def test_without_parts_the_first_folder_that_differs_is_the_class(tmp_path, names):
    assert listed(tmp_path, *names) == {("happy", "", ""), ("sad", "", "")}


def test_own_classes_are_called_as_their_folders_are(tmp_path):
    names = ("confused/1.png", "Völlig gelangweilt/1.png")
    expected = {("confused", "", ""), ("Völlig gelangweilt", "", "")}
    assert listed(tmp_path, *names) == expected


def test_accents_taken_apart_are_the_same_class(tmp_path):
    name = "fröhlich"
    names = (
        f"{name}/1.png",
        f"{unicodedata.normalize('NFD', name)}/2.png",
        "müde/3.png",
    )
    assert listed(tmp_path, *names) == {(name, "", ""), ("müde", "", "")}


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


def test_one_folder_below_every_class_is_not_a_person(tmp_path):
    names = ("happy/cropped/1.png", "sad/cropped/1.png")
    assert listed(tmp_path, *names) == {("happy", "", ""), ("sad", "", "")}


@pytest.mark.parametrize(
    "name",
    [
        *("happy/.DS_Store", "happy/._1.png", "Thumbs.db", "__MACOSX/happy/1.png"),
        *("happy/@eaDir/1.png", "happy/1.png:Zone.Identifier", ".git/happy/1.png"),
    ],
)
def test_what_systems_leave_beside_images_is_dropped_and_says_so(tmp_path, name):
    files = {"happy/1.png": b"", "sad/1.png": b"", name: b""}
    listing = class_folders.read(write_files(tmp_path, files))
    assert listing.dropped == [(name, OF_THE_SYSTEM)]
    assert len(listing.table) == 2


def test_a_photo_that_macos_has_not_downloaded_is_not_a_file_of_the_system(tmp_path):
    names = ("happy/1.png", "sad/.1.jpg.icloud")
    assert listed(tmp_path, *names) == {("happy", "", ""), ("sad", "", "")}


@pytest.mark.parametrize("name", ["labels.xlsx", "Labels.CSV", "labels.ods"])
def test_a_table_beside_class_folders_is_dropped_with_what_a_manifest_is(
    tmp_path, name
):
    files = dict.fromkeys(("happy/1.png", "sad/1.png", name), b"PK")
    listing = class_folders.read(write_files(tmp_path, files))
    assert listing.dropped == [(name, class_folders.NOT_A_MANIFEST)]
    assert "CSV UTF-8 with the columns path and label" in class_folders.NOT_A_MANIFEST


def test_every_file_is_listed_or_dropped(tmp_path):
    names = ["happy/1.png", "sad/1.jpg", "sad/1", "sad/notes.txt", "readme.md", ".x"]
    listing = class_folders.read(write_files(tmp_path, dict.fromkeys(names, b"")))
    dropped = [file for file, _ in listing.dropped]
    assert sorted([*listing.table["file"], *dropped]) == sorted(names)
    assert sorted(dropped) == [".x", "readme.md"]
