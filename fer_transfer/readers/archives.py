"""Unpack what was downloaded; refuse what is damaged or unsafe."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from pathlib import Path, PureWindowsPath
from typing import Any

from fer_transfer.console.errors import REMEDIES, InputError, shown

OPENERS: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"BZh": bz2.open,
}
ZIP = b"PK\x03\x04"
OFFICE = (".xlsx", ".docx", ".ods")  # zip files too, which are not meant as such
# FER2013's CSV file shrinks to a fourth, images hardly at all; a little of anything may shrink
# to next to nothing.
LARGEST_RATIO = 100
SMALL = 64 << 20  # bytes
CHUNK = 1 << 20  # bytes


class RefusedError(Exception):
    """What is unsafe to unpack."""


def unpack(path: Path) -> None:
    """Replace an archive (zip, tar) or a compressed file (gz, xz, bz2) by what is in it.

    The type is detected from the content; other files are left unchanged.

    Raises:
        InputError: If it is damaged, a decompression bomb, or has an unsafe member.
    """
    limit = max(SMALL, LARGEST_RATIO * path.stat().st_size)
    try:
        content = _decompress(path, limit)
        if tarfile.is_tarfile(content):
            _unpack_tar(content, limit)
        elif _starts_with(content, ZIP) and content.suffix.lower() not in OFFICE:
            _unpack_zip(content, limit)
    except RefusedError as error:
        raise InputError(
            f"{path.name} is refused: {error}. Get it from a source you trust, or "
            "unpack it yourself and set `data.source` in params.yaml to the folder."
        ) from None
    except Exception as error:  # of a dozen kinds
        if isinstance(error, MemoryError) or getattr(error, "errno", None) in REMEDIES:
            raise
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path.name} is damaged, incomplete or of a kind that is not read ({reason}). Fetch it "
            "again, or unpack it and set `data.source` in params.yaml to the folder."
        ) from None


def _decompress(path: Path, limit: int) -> Path:
    """Replace a compressed file by its content; return the path of the content."""
    openers = [opener for start, opener in OPENERS.items() if _starts_with(path, start)]
    if not openers:
        return path
    target = path.with_name(f"{path.stem}.tar" if path.suffix == ".tgz" else path.stem)
    with openers[0](path) as source:
        path.unlink()  # open, it can be read; its content may have its name
        with target.open("wb") as content:
            while piece := source.read(CHUNK):
                content.write(piece)
                _check_size(content.tell(), limit)
    return target


def _unpack_tar(path: Path, limit: int) -> None:
    with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
        path.unlink()  # a member may have its name
        for member in archive:
            _check_name(member.name)
            if not member.isfile() and not member.isdir():
                raise _unsafe(member.name, "is a link or a device")
        _check_size(sum(member.size for member in archive), limit)
        # Python 3.11.2, Debian 12's, has no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(path.parent)
        # tarfile takes a damaged header for the end, and a tar that was cut off for a whole one.
        file.seek(archive.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("it does not end after its last member")


def _unpack_zip(path: Path, limit: int) -> None:
    try:  # macOS writes UTF-8 without saying so
        archive = zipfile.ZipFile(path, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        archive = zipfile.ZipFile(path)
    with archive:
        path.unlink()
        for member in archive.infolist():
            _check_name(member.filename)
            # PowerShell 5 writes `photos\happy\1.jpg`.
            member.filename = member.filename.replace("\\", "/")
        _check_size(sum(member.file_size for member in archive.infolist()), limit)
        archive.extractall(path.parent, archive.infolist())


def _check_name(name: str) -> None:
    """Refuse a member outside the folder, which zipfile would silently put inside it."""
    member = PureWindowsPath(name)  # knows drives, and both separators
    if member.anchor or ".." in member.parts:
        raise _unsafe(name, "points outside the archive")


def _unsafe(name: str, reason: str) -> RefusedError:
    return RefusedError(f"unsafe archive member {shown(name)}, which {reason}")


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise RefusedError(
            f"it grows to more than {limit:,} bytes, over {LARGEST_RATIO} times its size"
        )


def _starts_with(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(beginning)) == beginning
