import gzip
import hashlib
import lzma
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fer_transfer.console.errors import InputError
from fer_transfer.data import fer2013, formats
from tests.test_archives import write_folder, write_tar, write_zip

ROW = " ".join(["7"] * 2304)
TABLE = f"emotion,pixels,Usage\n3,{ROW},Training\n6,{ROW},PrivateTest\n".encode()
TRAIN = f"emotion,pixels\n3,{ROW}\n".encode()
TEST = f"pixels\n{ROW}\n".encode()


def png(shade: int) -> bytes:
    file = BytesIO()
    Image.new("L", (48, 48), shade).save(file, "PNG")
    return file.getvalue()


IMAGES = {"x/train/happy/a.png": png(7), "x/test/neutral/a.png": png(7)}


def write_file(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv", "mine.csv"])
@pytest.mark.parametrize("form", ["", ".gz", ".xz", ".zip", ".tar.gz", "/"])
def test_a_table_is_read_in_every_form(tmp_path, name, form):
    path = tmp_path / f"{name}{form}"
    if form == ".zip":
        write_zip(path, {f"fer2013/{name}": TABLE, "fer2013/README": b""})
    elif form == ".tar.gz":
        write_tar(path, {f"fer2013/{name}": TABLE, "fer2013/README": b""})
    elif form == "/":
        write_folder(path, {f"fer2013/{name}": TABLE, "README": b""})
    else:
        pack = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[form]
        path.write_bytes(pack(TABLE))
    images = formats.read(path)
    assert (images.pixels == 7).all()
    assert images.labels.tolist() == [3, 6]
    assert images.usages.tolist() == ["Training", "PrivateTest"]
    assert images.rows.tolist() == [0, 1]
    assert not images.official


def test_a_table_is_official_by_its_bytes_however_compressed(tmp_path, monkeypatch):
    md5 = hashlib.md5(TABLE).hexdigest()
    monkeypatch.setitem(fer2013.OFFICIAL_MD5, "fer2013.csv", md5)
    assert formats.read(write_file(tmp_path / "a.csv", TABLE)).official
    assert formats.read(
        write_file(tmp_path / "a.csv.xz", lzma.compress(TABLE))
    ).official
    assert not formats.read(write_file(tmp_path / "b.csv", TABLE + b"\n")).official


@pytest.mark.parametrize("write", [write_zip, write_tar, write_folder])
def test_image_folders_are_read_in_every_form(tmp_path, write):
    images = formats.read(write(tmp_path / "images", IMAGES))
    assert images.pixels.shape == (2, 48, 48)
    assert images.labels.tolist() == [3, 6]
    assert images.usages.tolist() == ["train", "test"]
    assert images.rows.tolist() == [-1, -1]  # of no CSV file
    assert not images.official


def test_the_whole_table_is_found_beside_the_pair(tmp_path):
    contents = {"train.csv": TRAIN, "test.csv": TEST, "icml_face_data.csv": TABLE}
    images = formats.read(write_zip(tmp_path / "competition.zip", contents))
    assert images.labels.tolist() == [3, 6]


@pytest.mark.parametrize("write", [write_zip, write_tar, write_folder])
def test_the_pair_without_test_labels_is_refused(tmp_path, write):
    path = write(tmp_path / "pair", {"train.csv": TRAIN, "test.csv": TEST})
    with pytest.raises(
        InputError, match=r"NO labels for its test half.*`data\.source`"
    ):
        formats.read(path)


@pytest.mark.parametrize("write", [write_zip, write_tar, write_folder])
def test_an_archive_or_folder_without_files_is_called_empty(tmp_path, write):
    path = write(tmp_path / "nothing", {".gitignore": b""})
    with pytest.raises(InputError, match="nothing is empty"):
        formats.read(path)


def test_no_test_is_named_after_the_second_it_was_collected_in(request):
    # gzip's header holds the time, and xdist wants the same names from its processes.
    names = [item.nodeid for item in request.session.items]
    assert [name for name in names if r"\x1f\x8b" in name] == []


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_an_empty_file_is_called_empty(tmp_path, pack):
    with pytest.raises(InputError, match=r"fer2013\.csv is empty"):
        formats.read(write_file(tmp_path / "fer2013.csv", pack(b"")))


def test_other_files_are_no_known_form_and_are_named(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"notes.txt": b"", "more.txt": b""})
    with pytest.raises(
        InputError, match=r"no known format.*Found notes\.txt, more\.txt"
    ):
        formats.read(path)


def test_an_error_names_the_table_inside_the_archive(tmp_path):
    contents = {"fer2013.csv": TABLE.replace(b"\n6,", b"\n9,"), "README": b""}
    path = write_zip(tmp_path / "a.zip", contents)
    with pytest.raises(InputError, match=r"a\.zip: fer2013\.csv, line 3"):
        formats.read(path)


def test_labels_are_positions_in_emotions(tmp_path):
    images = formats.read(write_file(tmp_path / "fer2013.csv", TABLE))
    names = np.array(fer2013.EMOTIONS)[images.labels]
    assert names.tolist() == ["happy", "neutral"]
