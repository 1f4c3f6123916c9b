import errno
import hashlib
import lzma
import os
import shutil
from pathlib import Path

import kagglehub
import numpy as np
import pooch
import pytest
import sources

from fer_transfer.console.errors import InputError
from fer_transfer.data import faces
from fer_transfer.fetching import fetch
from fer_transfer.readers import fer2013_csv
from fer_transfer.synthetic import drawing
from stages import download

CONTENT = b"emotion,pixels,Usage\n"
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _official(project, monkeypatch):
    """Let CONTENT be the official file."""
    monkeypatch.setenv("KAGGLEHUB_CACHE", "")  # download sets it; this puts it back
    monkeypatch.setitem(fer2013_csv.OFFICIAL_MD5, "fer2013.csv", MD5)
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)


def run(source: str, known_hash: str = "") -> None:
    sources.write_settings(source, hash=known_hash)
    download.main()


def in_data() -> list[str]:
    return sorted(path.as_posix() for path in Path("data").rglob("*"))


def kaggle(monkeypatch, answer: bytes | Exception) -> None:
    """Let Kaggle give this answer."""

    def dataset_download(dataset, path):
        assert (dataset, path) == ("deadskull7/fer2013", "fer2013.csv")
        file = Path(os.environ["KAGGLEHUB_CACHE"]) / path
        assert file.is_relative_to(Path("data").resolve())
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(answer, Exception):
            file.write_bytes(b"a part")
            raise answer
        file.write_bytes(answer)
        return str(file)

    monkeypatch.setattr(kagglehub, "dataset_download", dataset_download)


def test_kaggles_file_arrives_and_leaves_nothing_beside(monkeypatch):
    kaggle(monkeypatch, CONTENT)
    run("kaggle")
    assert in_data() == ["data/raw", "data/raw/fer2013.csv"]
    assert Path("data/raw/fer2013.csv").read_bytes() == CONTENT


def test_without_kaggle_the_error_says_what_to_do(monkeypatch):
    kaggle(monkeypatch, ConnectionError("no network"))
    message = r"Could not fetch https://www\.kaggle.*FER_MIRROR.*`data\.source`"
    with pytest.raises(InputError, match=message):
        run("kaggle")
    assert not Path("data/raw").exists()


def test_a_file_of_kaggle_that_is_not_official_is_not_kept(monkeypatch):
    kaggle(monkeypatch, b"other")
    digest = hashlib.md5(b"other").hexdigest()
    with pytest.raises(InputError, match=f"expected md5:{MD5}, got md5:{digest}"):
        run("kaggle")
    assert in_data() == []


def test_a_mirror_is_asked_before_kaggle_and_its_file_unpacked(tmp_path, monkeypatch):
    content = lzma.compress(CONTENT)
    sums = f"{hashlib.sha256(content).hexdigest()}  fer2013.csv.xz\n"
    mirror = {"fer2013.csv.xz": content, "SHA256SUMS": sums}
    sources.write_files(tmp_path / "mirror", mirror)
    monkeypatch.setenv("FER_MIRROR", "../mirror")
    Path("kaggle").mkdir()  # has nothing to do with it
    run("kaggle")
    assert in_data() == ["data/raw", "data/raw/fer2013.csv"]
    assert Path("data/raw/fer2013.csv").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("prefix", "known_hash"), [("", ""), ("file://", f"sha256:{SHA256}")]
)
def test_a_file_is_copied(tmp_path, prefix, known_hash):
    (tmp_path / "mine.csv").write_bytes(CONTENT)
    run(f"{prefix}{tmp_path}/mine.csv", known_hash)
    assert Path("data/raw/mine.csv").read_bytes() == CONTENT


def test_an_address_on_the_web_is_fetched_with_its_hash(monkeypatch):
    calls = []

    def note(url, known_hash, target):
        calls.append((url, known_hash, target.name))

    monkeypatch.setattr(fetch, "fetch", note)
    run("https://example.org/a/fer.zip", f"md5:{MD5}")
    assert calls == [("https://example.org/a/fer.zip", f"md5:{MD5}", "fer.zip")]


def test_what_cannot_be_copied_is_named_and_nothing_is_kept(tmp_path):
    (tmp_path / "copy/train").mkdir(parents=True)
    (tmp_path / "copy/test").symlink_to("nowhere")
    os.mkfifo(tmp_path / "copy/train/pipe")
    message = r"2 entries in \.\./copy could not be copied"
    with pytest.raises(InputError, match=message):
        run("../copy")
    assert in_data() == []


def test_a_full_disk_is_not_taken_for_a_fault_of_the_source(tmp_path, monkeypatch):
    def fail(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(source))

    sources.write_files(tmp_path, {"photos/1.png": b""})
    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(OSError, match=rf"Errno {errno.ENOSPC}\] No space left"):
        run("../photos")


def test_the_copy_of_a_read_only_folder_can_be_replaced(tmp_path):
    sources.write_files(tmp_path, {"photos/happy/1.png": b""})
    (tmp_path / "photos/happy").chmod(0o555)
    run("../photos")
    assert Path("data/raw/happy").stat().st_mode & 0o200


@pytest.mark.parametrize(
    ("source", "known_hash", "message"),
    [
        ("../linked", "", "is a link to a folder, whose changes DVC would not see"),
        ("../pipe", "", "there is no such file or folder"),
        ("../empty", f"md5:{MD5}", r"`data\.hash` .* is set, but .* is a folder"),
        ("..", "", "a folder that data/raw itself lies in"),
    ],
)
def test_what_cannot_be_a_source_is_an_error(tmp_path, source, known_hash, message):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/happy").symlink_to("../empty")
    with pytest.raises(InputError, match=message):
        run(source, known_hash)
    assert in_data() == []


def test_what_was_there_goes_when_the_new_is_whole_and_stays_when_it_is_not(tmp_path):
    (tmp_path / "one.csv").write_bytes(CONTENT)
    run("../one.csv")
    with pytest.raises(InputError, match="no such file"):
        run("../two.csv")
    assert in_data() == ["data/raw", "data/raw/one.csv"]
    (tmp_path / "two.csv").write_bytes(CONTENT)
    run("../two.csv")
    assert in_data() == ["data/raw", "data/raw/two.csv"]


def test_synthetic_faces_are_a_set_of_labelled_faces_with_people_and_parts():
    run("synthetic")
    images, labels, identities = drawing.draw(70, 8, 42)
    labelled = faces.read(Path("data/raw"))
    assert np.array_equal(faces.read_images(Path("data/raw")), images)
    assert np.array_equal(labelled.labels, labels)
    assert labelled.column("person")[5] == f"identity-{identities[5]}"
    parts, counts = np.unique(labelled.column("part"), return_counts=True)
    assert dict(zip(parts, counts, strict=True)) == {"train": 56, "val": 7, "test": 7}
