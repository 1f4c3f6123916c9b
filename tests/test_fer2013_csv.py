import codecs
import hashlib
from pathlib import Path

import numpy as np
import pytest
from sources import HEADER, csv_row, face, write_files

from fer_transfer.console.errors import InputError
from fer_transfer.readers import fer2013_csv

PIXELS = " ".join(["7"] * 2304)
FEW = " ".join(["7"] * 2303)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "fer2013.csv"


@pytest.mark.parametrize(
    "text",
    [
        HEADER + csv_row(),
        (HEADER + csv_row()).replace(",", "\t").replace("\n", "\r\n"),
        codecs.BOM_UTF8.decode() + HEADER + csv_row(),
        HEADER.strip() + ",extra\n" + csv_row().strip() + ",more\n",
    ],
)
def test_a_row_reads_the_same_however_the_file_is_written(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    faces, images = fer2013_csv.read(path)
    assert faces.column("label").tolist() == ["happy"]
    assert faces.column("part").tolist() == ["train"]
    assert np.array_equal(images, face(7)[None])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "lacks the column emotion, pixels, usage"),
        (HEADER, "holds no face"),
        (f"emotion,pixels\n3,{PIXELS}\n", "lacks the column usage"),
        ("emotion,emotion,pixels,Usage\n", "Duplicate names"),
        (f"{HEADER}7,{PIXELS},Training\n", "row 1: `emotion` must be one of 0, 1"),
        (f"{HEADER}3,{PIXELS},train\n", "row 1: `usage` must be one of Training"),
        (f"{HEADER}{csv_row()}3,{FEW},Training\n", "row 2: `pixels` must be 2304"),
        (f"{HEADER}3,{FEW} 256,Training\n", "whole numbers from 0 to 255"),
        (f"{HEADER}3,{FEW} -1,Training\n", "row 1: `pixels`"),
        (
            f"{HEADER}3,{PIXELS},Training,9\n",
            "not a CSV file in UTF-8 with different column names and at most 3 values",
        ),
        (HEADER.encode("utf-16"), "not a CSV file in UTF-8.*again as CSV UTF-8"),
        (HEADER.encode() + b"3,\xff,Training\n", "not a CSV file in UTF-8"),
        (HEADER.encode() + csv_row().encode().replace(b"7", b"\0"), "row 1: `pixels`"),
    ],
)
def test_what_fer2013_does_not_have_is_an_error_that_names_it(path, content, message):
    write_files(path.parent, {path.name: content})
    with pytest.raises(InputError, match=message):
        fer2013_csv.read(path)


def test_the_published_file_is_known_by_its_bytes(path, monkeypatch):
    path.write_bytes(b"published")
    assert not fer2013_csv.is_official(path)
    digest = hashlib.md5(b"published").hexdigest()
    monkeypatch.setitem(fer2013_csv.OFFICIAL_MD5, "fer2013.csv", digest)
    assert fer2013_csv.is_official(path)
