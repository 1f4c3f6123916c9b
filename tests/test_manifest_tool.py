"""Published data sets, as their own files describe them, to manifests."""

import io

import numpy as np
import pytest
from sources import write_files

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.readers import manifest as reader
from tools import manifest


def npy(number: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(number))
    return buffer.getvalue()


RAF_LIST = "train_00001.jpg 5\ntest_0001.jpg 4\ntest_0002.jpg 1\n"
AFFECTNET = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,expression\n"
    "1/a.jpg,10,20,30,40,1\n1/b.jpg,-1,0,NULL,NULL,7\n1/c.jpg,1,1,9,9,9\n"
)
# What lies in the folder, and the manifest that comes of it; each has something to leave out.
DATA_SETS = {
    "raf-db": (
        {
            "EmoLabel/list_patition_label.txt": RAF_LIST,
            "Image/aligned/train_00001_aligned.jpg": b"",
            "Image/original/train_00001.jpg": b"",
            "Image/aligned/test_0001_aligned.jpg": b"",
        },
        [
            "Image/aligned/train_00001_aligned.jpg,sad,,train,,,,",
            "Image/aligned/test_0001_aligned.jpg,happy,,test,,,,",
        ],
    ),
    "affectnet": (
        {"training.csv": AFFECTNET, **{f"img/1/{n}.jpg": b"" for n in "abc"}},
        ["img/1/a.jpg,happy,,train,10,20,30,40", "img/1/b.jpg,contempt,,train,,,,"],
    ),
    "affectnet by annotations": (
        {
            "train_set/images/0.jpg": b"",
            "val_set/images/0.jpg": b"",
            "train_set/annotations/0_exp.npy": npy("3"),
            "val_set/annotations/0_exp.npy": npy(6),
            "val_set/annotations/1_exp.npy": npy(8),
        },
        [
            "train_set/images/0.jpg,surprise,,train,,,,",
            "val_set/images/0.jpg,angry,,val,,,,",
        ],
    ),
    "expw": (
        {
            "label.lst": "a b.jpg 0 10 20 70 60 50.5 3\nno.jpg 0 1 2 7 6 50.5 3\n",
            "image/a b.jpg": b"",
        },
        ["image/a b.jpg,happy,,,20,10,50,50"],
    ),
    "jaffe": (
        {"KA.AN1.39.tiff": b"", "YM.NE2.50.tiff": b"", "readme.txt": b""},
        ["KA.AN1.39.tiff,angry,KA,,,,,", "YM.NE2.50.tiff,neutral,YM,,,,,"],
    ),
    "kdef": (
        {"AF01/AF01ANS.JPG": b"", "BF01/BF01SUHL.JPG": b"", "readme.txt": b""},
        ["AF01/AF01ANS.JPG,angry,F01,,,,,", "BF01/BF01SUHL.JPG,surprise,F01,,,,,"],
    ),
    "ck+": (
        {"anger/S010_004_00000017.png": b"", "7/s011_001_00000014.png": b""},
        [
            "7/s011_001_00000014.png,surprise,S011,,,,,",
            "anger/S010_004_00000017.png,anger,S010,,,,,",
        ],
    ),
}


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_published_data_set_gets_a_manifest_that_is_read(tmp_path, name):
    content, expected = DATA_SETS[name]
    write_files(tmp_path, content)
    kept, _ = manifest.write_manifest(name.split()[0], tmp_path)
    path = tmp_path / manifest.NAME
    assert path.read_text().splitlines()[1:] == expected
    listing = reader.read(path)
    assert len(listing.table) == kept == len(expected)


@pytest.mark.parametrize("name", manifest.DATA_SETS)
def test_another_folder_is_an_error_that_says_what_was_expected(tmp_path, name):
    # In the original CK+ a folder is a sequence of photos.
    write_files(tmp_path, {"a/1.png": b"", "S005/001/S005_001_00000011.png": b""})
    message = rf"{tmp_path} has no (image of|list_pat|label\.lst)"
    with pytest.raises(InputError, match=f"^{message}"):
        manifest.write_manifest(name, tmp_path)


def test_a_line_of_a_list_that_is_cut_off_is_an_error_that_names_it(tmp_path):
    write_files(tmp_path, {"label.lst": "a.jpg 0 10 20\n"})
    message = r"^\S*label\.lst, line 1: expected a name and 7 values"
    with pytest.raises(InputError, match=message):
        manifest.write_manifest("expw", tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("expw", "label.lst", b"a.jpg 0 x 20 70 60 50.5 3\n"),
        ("affectnet", "val_set/annotations/1_exp.npy", b""),
    ],
)
def test_an_annotation_that_cannot_be_read_is_an_error(tmp_path, name, file, content):
    write_files(tmp_path, {file: content})
    with pytest.raises(InputError, match="has a damaged annotation"):
        manifest.write_manifest(name, tmp_path)


def test_the_command_says_how_many_there_are(tmp_path, monkeypatch, capsys):
    write_files(tmp_path, DATA_SETS["raf-db"][0])
    monkeypatch.setattr("sys.argv", ["manifest", "raf-db", str(tmp_path)])
    manifest.main()
    with pytest.raises(InputError, match="exists"):
        manifest.main()
    assert "2 faces; 1 without file or emotion" in capsys.readouterr().out
    assert files.read_text_table(tmp_path / manifest.NAME).shape == (2, 8)
