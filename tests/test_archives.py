"""Archives: what is packed comes out, and nothing that is damaged or unsafe does."""

import bz2
import gzip
import io
import lzma
import random
import stat
import tarfile
import zipfile

import pytest
from sources import tarred, write_files, zipped

from fer_transfer.console.errors import InputError
from fer_transfer.readers import archives

CONTENT = b"emotion,pixels,Usage\n" + random.Random(0).randbytes(5000)


ONE = {"in/a.csv": CONTENT}
GOOD = {
    "a.csv.gz": (gzip.compress(CONTENT), ["a.csv"]),
    "a.csv.xz": (lzma.compress(CONTENT), ["a.csv"]),
    "a.csv.bz2": (bz2.compress(CONTENT), ["a.csv"]),
    "a.zip": (zipped(ONE | {"b": CONTENT}), ["b", "in/a.csv"]),
    "of PowerShell.zip": (zipped({r"in\b\a.csv": CONTENT}), ["in/b/a.csv"]),
    "a.tar": (tarred(ONE), ["in/a.csv"]),
    "a.tgz": (tarred(ONE, "gz"), ["in/a.csv"]),
    "a.bin": (tarred(ONE, "bz2"), ["in/a.csv"]),
    "a.csv": (CONTENT, ["a.csv"]),
    "a.xlsx": (zipped(ONE), ["a.xlsx"]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_packed_takes_the_place_of_the_archive(tmp_path, name):
    content, expected = GOOD[name]
    (tmp_path / name).write_bytes(content)
    archives.unpack(tmp_path / name)
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert [path.relative_to(tmp_path).as_posix() for path in files] == expected
    assert name == "a.xlsx" or all(path.read_bytes() == CONTENT for path in files)


def test_a_tar_is_unpacked_by_a_python_without_filters(tmp_path, monkeypatch):
    for name in ("FilterError", "data_filter"):  # as 3.11.2, Debian 12's
        monkeypatch.delattr(tarfile, name)
    archives.unpack(write_files(tmp_path, {"a": GOOD["a.tar"][0]}) / "a")
    assert (tmp_path / "in/a.csv").read_bytes() == CONTENT


UNSAFE = {
    "a zip's member above": (zipped({"a/../../x": CONTENT}), "a/../../x"),
    "a zip's member on a drive": (zipped({"C:\\x": CONTENT}), r"C:\\\\x"),
    "a tar's absolute member": (tarred({"/tmp/x": CONTENT}), "/tmp/x"),
    "a tar's link": (tarred({"in/x": b""}, kind=tarfile.SYMTYPE), "in/x"),
    "a tar's device": (tarred({"in/x": b""}, kind=tarfile.CHRTYPE), "in/x"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_member_refuses_the_whole_archive(tmp_path, name):
    content, member = UNSAFE[name]
    path = write_files(tmp_path / "raw", {"archive": content}) / "archive"
    with pytest.raises(InputError, match=f"unsafe archive member '{member}', which"):
        archives.unpack(path)
    assert [file.name for file in tmp_path.rglob("*")] == ["raw"]


def test_a_member_may_have_the_archives_name(tmp_path):
    path = write_files(tmp_path, {"archive": zipped({"archive": CONTENT})}) / "archive"
    archives.unpack(path)
    assert path.read_bytes() == CONTENT


def test_names_in_a_zip_of_macos_are_utf_8_though_it_does_not_say_so(tmp_path):
    content = zipped({"fröh/1.jpg": b"", "x": b""}).replace(b"\x00\x08", b"\x00\x00")
    archives.unpack(write_files(tmp_path, {"a.zip": content}) / "a.zip")
    assert (tmp_path / "fröh/1.jpg").exists()


def test_a_zips_link_becomes_a_file(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    write_files(tmp_path, {"a.zip": zipped({link: b"/etc/passwd"})})
    archives.unpack(tmp_path / "a.zip")
    assert not (tmp_path / "link").is_symlink()


PACKED = {name: content for name, (content, files) in GOOD.items() if files != [name]}


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_that_is_cut_off_is_an_error(tmp_path, name):
    (tmp_path / name).write_bytes(PACKED[name][: len(PACKED[name]) // 2])
    with pytest.raises(InputError, match="is damaged, incomplete or"):
        archives.unpack(tmp_path / name)


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 1 << 20)
    zeros, zip_file = bytes(5 << 20), io.BytesIO()
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", zeros)
    bombs = {"a.xz": lzma.compress(zeros), "a.zip": zip_file.getvalue()}
    for name, content in bombs.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="is refused: it grows to more than"):
            archives.unpack(tmp_path / name)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 4 << 20


def test_a_zip_with_a_password_is_an_error(tmp_path):
    content = bytearray(zipped({"a.csv": CONTENT}))
    content[6] |= 1  # encrypted, by the local header and by the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="password required"):
        archives.unpack(tmp_path / "a.zip")
