import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.data import archives

FILES = {"train/a.txt": b"first", "test/b.txt": b"second", ".DS_Store": b"clutter"}


def write_zip(path: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, contents: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def write_folder(path: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def read(path: Path) -> dict[str, bytes]:
    contents = {}
    for member in archives.members(path):
        with member.open() as stream:
            contents[str(member.name)] = stream.read()
    return contents


@pytest.mark.parametrize("write", [write_zip, write_tar, write_folder])
def test_a_folder_and_its_archives_hold_the_same_members(tmp_path, write):
    # Named alike, because the content tells the form.
    path = write(tmp_path / "data", FILES)
    assert read(path) == {"train/a.txt": b"first", "test/b.txt": b"second"}


@pytest.mark.parametrize(("suffix", "opener"), [(".gz", gzip.open), (".xz", lzma.open)])
def test_a_compressed_file_is_a_member_without_its_suffix(tmp_path, suffix, opener):
    path = tmp_path / f"fer2013.csv{suffix}"
    with opener(path, "wb") as file:
        file.write(b"emotion")
    assert read(path) == {"fer2013.csv": b"emotion"}


def test_any_other_file_is_its_own_member(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(b"emotion")
    assert read(path) == {"fer2013.csv": b"emotion"}


def test_folders_inside_an_archive_are_no_members(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.mkdir("train")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path, ".", recursive=False)
    assert read(tmp_path / "a.zip") == read(tmp_path / "a.tar") == {}


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil", "C:\\evil"]
)
def test_a_member_that_points_outside_is_refused(tmp_path, write, name):
    path = write(tmp_path / "data", {"fer2013.csv": b"", name: b""})
    with pytest.raises(InputError, match=r"points outside the archive.*`data\.source`"):
        read(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_in_a_tar_is_refused(tmp_path, kind):
    entry = tarfile.TarInfo("fer2013.csv")
    entry.type, entry.linkname = kind, "other.csv"
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(entry)
    with pytest.raises(InputError, match="is a link or a device"):
        read(tmp_path / "a.tar")


def test_a_link_in_a_zip_is_refused(tmp_path):
    entry = zipfile.ZipInfo("fer2013.csv")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(InputError, match="is a link or a device"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("form", ["zip", "tar.gz", "gz", "xz"])
def test_an_archive_that_was_cut_off_is_called_damaged(tmp_path, form):
    path = tmp_path / f"a.{form}"
    # Not compressible, so that the cut falls into the content.
    content = bytes(hash((7, n)) % 256 for n in range(30_000))
    if form == "zip":
        write_zip(path, {"a": content})
    elif form == "tar.gz":
        write_tar(path, {"a": content})
    else:
        path.write_bytes((gzip if form == "gz" else lzma).compress(content))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="is damaged or not complete"):
        read(path)
