from inspect import get_annotations
from typing import get_args

import pytest
from sources import HEADER, csv_row, encoded, face, write_files

from fer_transfer.console.errors import InputError
from fer_transfer.data.emotions import NUMBERINGS
from fer_transfer.detection.detectors import DETECTORS
from fer_transfer.readers import sources
from fer_transfer.settings.settings import Data

IMAGES = {"happy/1.png": encoded(face(1)), "sad/2.png": encoded(face(2))}
CSV = {"fer2013.csv": HEADER + csv_row()}
MANIFEST = {"list.csv": "path,label\nhappy/1.png,happy\n"}
UTF_16 = {"list.csv": "path,label\n".encode("utf-16")}
MANIFESTS = MANIFEST | {"b.csv": "path,label\n"}


@pytest.mark.parametrize(
    ("files", "layout", "expected"),
    [
        (IMAGES | MANIFEST, "auto", ("manifest", "list.csv")),
        (IMAGES | MANIFESTS, "class-folders", ("class-folders", ".")),
        (CSV | MANIFESTS, "auto", ("csv", "fer2013.csv")),
        (IMAGES | CSV, "auto", ("csv", "fer2013.csv")),
        (IMAGES | {"sub/list.csv": "path,label\n"}, "auto", ("class-folders", ".")),
        ({"a/b/list.csv": "path,label\n"}, "auto", ("manifest", "a/b/list.csv")),
        (IMAGES | UTF_16, "auto", ("manifest", "list.csv")),
    ],
)
def test_the_layout_is_told_by_what_the_files_hold(tmp_path, files, layout, expected):
    source = sources.detect_layout(write_files(tmp_path, files), layout)
    assert (source.layout, source.path) == (expected[0], tmp_path / expected[1])


@pytest.mark.parametrize(
    ("files", "layout", "message"),
    [
        ({}, "auto", "Found: no file"),
        (
            {"train.csv": "emotion,pixels\n", "test.csv": "pixels\n"},
            "auto",
            "test.csv, train.csv",
        ),
        ({"1.png": b"", "l.xlsx": b""}, "auto", "save a spreadsheet as CSV UTF-8"),
        ({"1.png": b"x"}, "auto", "columns emotion, pixels.*a folder of images per"),
        (CSV, "manifest", "does not have the layout `manifest`"),
        (MANIFESTS, "auto", "several manifests: b.csv, list.csv"),
    ],
)
def test_without_a_known_layout_the_error_says_which_there_are(
    tmp_path, files, layout, message
):
    with pytest.raises(InputError, match=message):
        sources.detect_layout(write_files(tmp_path, files), layout)


def test_what_lies_outside_the_folder_of_a_manifest_is_listed(tmp_path):
    files = {"LICENSE": b"", "a/list.csv": "path,label\n1.png,sad\n", "a/1.png": b""}
    root = write_files(tmp_path, files)
    listing = sources.list_images(sources.detect_layout(root), root)
    assert listing.dropped == [("LICENSE", "outside the folder of list.csv")]


def test_the_settings_offer_the_layouts_and_detectors_that_there_are():
    hints = {name: get_args(hint) for name, hint in get_annotations(Data).items()}
    assert hints["layout"] == ("auto", "csv", "manifest", "class-folders")
    assert set(hints["detector"]) == set(DETECTORS)
    assert hints["numbering"] == ("none", *NUMBERINGS)
