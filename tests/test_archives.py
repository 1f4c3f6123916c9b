"""Archives: what is packed comes out, and nothing that is damaged or unsafe does."""

import bz2
import gzip
import io
import lzma
import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
import sources

from fer_transfer.console.errors import InputError
from fer_transfer.readers import archives

CONTENT = b"emotion,pixels,Usage\n" + random.Random(0).randbytes(5000)


def tarred(
    *names: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: str = ""
) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            member.size = len(CONTENT) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(CONTENT))
    return buffer.getvalue()


def zipped_link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


GOOD = {
    "a.csv.gz": (gzip.compress(CONTENT), ["a.csv"]),
    "a.csv.xz": (lzma.compress(CONTENT), ["a.csv"]),
    "a.csv.bz2": (bz2.compress(CONTENT), ["a.csv"]),
    "a.zip": (sources.zipped({"in/a.csv": CONTENT, "b": CONTENT}), ["b", "in/a.csv"]),
    "a.tar": (tarred("in/a.csv"), ["in/a.csv"]),
    "a.tgz": (tarred("a.csv", mode="gz"), ["a.csv"]),
    "a.tar.xz": (tarred("a.csv", mode="xz"), ["a.csv"]),
    "a.bin": (tarred("a.csv", mode="bz2"), ["a.csv"]),
    "a.csv": (CONTENT, ["a.csv"]),
    "a.xlsx": (sources.zipped({"xl/a.xml": CONTENT}), ["a.xlsx"]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_packed_takes_the_place_of_the_archive(tmp_path, name):
    content, expected = GOOD[name]
    (tmp_path / name).write_bytes(content)
    archives.unpack(tmp_path / name)
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert [path.relative_to(tmp_path).as_posix() for path in files] == expected
    assert name == "a.xlsx" or all(path.read_bytes() == CONTENT for path in files)


UNSAFE = {
    "a zip's member above": (sources.zipped({"../x": CONTENT}), "points outside"),
    "a zip's absolute member": (sources.zipped({"/tmp/x": CONTENT}), "points outside"),
    "a zip's member on a drive": (sources.zipped({"C:\\x": CONTENT}), "points outside"),
    "a tar's member above": (tarred("a/../../x"), "points outside"),
    "a tar's absolute member": (tarred("/tmp/x"), "points outside"),
    "a tar's link": (tarred("x", kind=tarfile.SYMTYPE, link="/etc"), "is a link"),
    "a tar's hard link": (tarred("x", kind=tarfile.LNKTYPE, link="y"), "is a link"),
    "a tar's device": (tarred("x", kind=tarfile.CHRTYPE), "is a link or a device"),
    "a tar's pipe": (tarred("x", kind=tarfile.FIFOTYPE), "is a link or a device"),
    "a tar's member twice": (tarred("x", "x"), "is there twice"),
    "the archive's own name": (tarred("archive"), "has the name of the archive"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_member_refuses_the_whole_archive(tmp_path, name):
    content, reason = UNSAFE[name]
    path = sources.write_files(tmp_path / "raw", {"archive": content}) / "archive"
    with pytest.raises(InputError, match=f"unsafe archive member .*{reason}"):
        archives.unpack(path)
    assert [file.name for file in tmp_path.rglob("*")] == ["raw", "archive"]


def test_a_zips_link_becomes_a_file_that_leads_nowhere(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped_link())
    archives.unpack(tmp_path / "a.zip")
    assert not (tmp_path / "link").is_symlink()


PACKED = {name: content for name, (content, files) in GOOD.items() if files != [name]}


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_that_is_cut_off_is_an_error(tmp_path, name):
    content = PACKED[name]
    for end in (len(content) // 2, len(content) // 2 + 1000):
        (tmp_path / name).write_bytes(content[:end])
        with pytest.raises(InputError, match="is damaged or incomplete"):
            archives.unpack(tmp_path / name)


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 1 << 20)
    zeros = bytes(20 << 20)
    bombs = {
        "a.gz": gzip.compress(zeros),
        "a.xz": lzma.compress(zeros),
        "a.zip": io.BytesIO(),
    }
    with zipfile.ZipFile(bombs["a.zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", zeros)
    bombs["a.zip"] = bombs["a.zip"].getvalue()
    for name, content in bombs.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="is refused: it grows to more than"):
            archives.unpack(tmp_path / name)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5 << 20


def test_a_zip_with_a_password_is_an_error(tmp_path):
    content = bytearray(sources.zipped({"a.csv": CONTENT}))
    content[6] |= 1  # encrypted, by the local header and by the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    Path(tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="password required"):
        archives.unpack(tmp_path / "a.zip")
