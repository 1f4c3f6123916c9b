import unicodedata
from pathlib import Path

import pytest
from sources import write_files

from fer_transfer.console.errors import InputError
from fer_transfer.readers import manifest
from fer_transfer.readers.listing import Listing

FILES = dict.fromkeys(("a.jpg", "b.jpg", "sub/c.jpg"), b"")


def read(folder: Path, text: str, files: dict[str, bytes] = FILES) -> Listing:
    return manifest.read(write_files(folder, files | {"m.csv": text}) / "m.csv")


def test_every_column_reaches_the_table(tmp_path):
    text = "path,label,person,part,left,top,width,height\na.jpg,happy,Ann,Training,1,2,30,40\n"
    [row] = read(tmp_path, text).table.to_dict("records")
    columns = ("label", "person", "part", "left", "top", "width", "height")
    values = [row[name] for name in columns]
    assert values == ["happy", "Ann", "train", "1", "2", "30", "40"]


@pytest.mark.parametrize(
    "text",
    [
        "path,label\nsub/c.jpg,happy\n",
        "Path,Label\nsub/c.jpg,happy\n",
        "path, label\nsub/c.jpg, happy\n",
        '"path", "label"\n"sub/c.jpg", "happy"\n',
        "path;label\nsub/c.jpg;happy\n",
        "path,label\nsub\\c.jpg,happy\n",
        'label,path\n"happy","sub/c.jpg"\n',
    ],
)
def test_a_line_reads_the_same_however_it_is_written(tmp_path, text):
    table = read(tmp_path, text).table
    assert table[["file", "label"]].values.tolist() == [["sub/c.jpg", "happy"]]


def test_names_are_the_same_in_any_form_of_unicode(tmp_path):
    name = "Größe.jpg"
    other = unicodedata.normalize("NFD", name)
    text = f"path,label,person\n{name},fröhlich,{unicodedata.normalize('NFD', 'Zoë')}\n"
    [row] = read(tmp_path, text, {other: b""}).table.to_dict("records")
    assert (row["file"], row["person"]) == (other, "Zoë")


def test_lines_without_a_file_and_files_without_a_line_are_dropped_and_say_so(tmp_path):
    text = "path,label\na.jpg,happy\na.jpg,happy\nno.jpg,sad\n"
    listing = read(tmp_path, text)
    assert listing.table["file"].tolist() == ["a.jpg"]
    assert sorted(listing.dropped) == [
        ("a.jpg", manifest.TWICE),
        ("b.jpg", manifest.UNNAMED),
        ("no.jpg", manifest.MISSING),
        ("sub/c.jpg", manifest.UNNAMED),
    ]


def test_a_photo_of_two_people_has_a_line_and_a_box_for_each(tmp_path):
    text = "path,label,left,top,width,height\na.jpg,happy,0,0,50,50\na.jpg,sad,60,0,50,50\n"
    assert len(read(tmp_path, text).table) == 2


def test_two_labels_of_one_face_are_an_error_that_names_the_file(tmp_path):
    with pytest.raises(InputError, match=r"names 1 files more than once.*a\.jpg"):
        read(tmp_path, "path,label\na.jpg,happy\na.jpg,sad\n")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a.jpg,,,,,,", "no label"),
        ('a.jpg,"a\rb",,,,,', "a control character"),
        *[
            (f"{path},happy,,,,,", "a path that is not relative to the manifest's")
            for path in ("", "../a.jpg", "~/a.jpg", "C:\\a.jpg")
        ],
        ("a.jpg,happy,,0.2,0.2,0.5,0.5", "a box in fractions, not pixels"),
        ("a.jpg,happy,dev,,,,", "a part other than train, val, test"),
        *[
            (f"a.jpg,happy,,{box}", "a box that is not four numbers")
            for box in ("1,2,3,", "1,2,0,4", "nan,2,3,4")
        ],
    ],
)
def test_rows_at_fault_are_named_by_their_number(tmp_path, row, problem):
    head = "path,label,part,left,top,width,height\n"
    message = rf"2 rows have {problem}.*number \[1, 3\], the"
    with pytest.raises(InputError, match=message):
        read(tmp_path, f"{head}{row}\nb.jpg,sad,,,,,\n{row}\n")


def test_without_the_images_the_error_says_where_they_belong(tmp_path):
    with pytest.raises(InputError, match=r"none of its 1 paths.*also holds \['a\.jpg'"):
        read(tmp_path, "path,label\nphotos/a.jpg,happy\n")


def test_a_column_that_is_not_known_is_an_error_that_names_those_that_are(tmp_path):
    with pytest.raises(InputError, match=r"'emotion'\], which are not known.*person"):
        read(tmp_path, "path,label,emotion\na.jpg,1,happy\n")
