"""Unpack what was downloaded, by the standard library; what is damaged or unsafe is refused."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from fer_transfer.console.errors import REMEDIES, InputError

OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"BZh": bz2.open,
}
OFFICE = (".xlsx", ".docx", ".ods")  # zip files too, which are not meant as such
# FER2013's CSV file shrinks to a fourth, images hardly at all; a little of anything may shrink
# to next to nothing.
LARGEST_RATIO = 100
SMALL = 64 << 20  # bytes
CHUNK = 1 << 20  # bytes


def unpack(path: Path) -> None:
    """Replace an archive (zip, tar) or a compressed file (gz, xz, bz2) by what is in it.

    Which it is, is told by content; any other file stays as it is.

    Raises:
        InputError: If it is damaged, a decompression bomb, or has an unsafe member.
    """
    with _damage_explained(path):
        limit = max(SMALL, LARGEST_RATIO * path.stat().st_size)
        path = _decompress(path, limit)
        if tarfile.is_tarfile(path):
            _unpack_tar(path, limit)
        elif _starts_with(path, b"PK\x03\x04") and path.suffix.lower() not in OFFICE:
            _unpack_zip(path, limit)
        else:
            return
        path.unlink()


def _decompress(path: Path, limit: int) -> Path:
    """Replace a compressed file by its content; return the path of the content."""
    openers = [opener for start, opener in OPENERS.items() if _starts_with(path, start)]
    if not openers:
        return path
    target = path.with_name(f"{path.stem}.tar" if path.suffix == ".tgz" else path.stem)
    packed = path.rename(path.with_name(f".{path.name}.packed"))
    with openers[0](packed) as source, target.open("wb") as content:
        while piece := source.read(CHUNK):
            content.write(piece)
            _check_size(path, content.tell(), limit)
    packed.unlink()
    return target


def _unpack_tar(path: Path, limit: int) -> None:
    with tarfile.open(path, "r:") as archive:
        members = [member for member in archive.getmembers() if not member.isdir()]
        _check_size(path, sum(member.size for member in members), limit)
        for member in members:
            _check_name(path, member.name)
            if not member.isreg() or member.issparse():
                raise _unsafe(path, member.name, "is a link, a device or a sparse file")
        archive.extractall(path.parent, filter="data")
    # tarfile takes a damaged header for the end, and a tar that was cut off for a whole one.
    with path.open("rb") as file:
        file.seek(archive.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("it does not end after its last member")


def _unpack_zip(path: Path, limit: int) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_size(path, sum(member.file_size for member in members), limit)
        for member in members:
            _check_name(path, member.filename)
        archive.extractall(path.parent)


def _check_name(path: Path, name: str) -> None:
    member = PurePosixPath(name.replace("\\", "/"))
    if member.is_absolute() or ".." in member.parts or name[1:2] == ":":
        raise _unsafe(path, name, "points outside the archive")
    if str(member) == path.name:
        raise _unsafe(path, name, "has the name of the archive")


def _check_size(path: Path, size: int, limit: int) -> None:
    if size > limit:
        raise InputError(
            f"{path.name} is refused: it grows to more than {limit:,} bytes, over "
            f"{LARGEST_RATIO} times its size. Get the file from a source you trust."
        )


def _unsafe(path: Path, member: str, reason: str) -> InputError:
    return InputError(
        f"{path.name} is refused: unsafe archive member {member[:100]!r}, which {reason}. Get the "
        "archive from a source you trust, or unpack it yourself and set `data.source` in "
        "params.yaml to the folder."
    )


def _starts_with(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(beginning)) == beginning


@contextmanager
def _damage_explained(path: Path) -> Iterator[None]:
    """Turn what decoders raise, a dozen kinds of errors, into one that says what to do."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        if getattr(error, "errno", None) in REMEDIES:
            raise
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path.name} is damaged or incomplete ({reason}). Fetch it again, or set "
            "`data.source` in params.yaml to another copy."
        ) from None
