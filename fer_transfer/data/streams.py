"""Streams of bytes whose damage is explained, and which may not grow beyond all measure."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fer_transfer.console.errors import REMEDIES, InputError

OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"BZh": bz2.open,
}
DAMAGE = (
    EOFError,
    OSError,  # gzip's, among others
    RuntimeError,  # a zip with a password, or compressed in a way Python does not know
    UnicodeDecodeError,  # a name in a zip
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
# FER2013's CSV file shrinks to a fourth, images hardly at all; a little of anything may shrink
# to next to nothing.
LARGEST_RATIO = 100
SMALL = 64 << 20  # bytes


class Guarded(io.RawIOBase):
    """A stream whose damage is an InputError that names the file, as is too much of it."""

    def __init__(self, inner: Any, path: Path, budget: Callable[[int], None]) -> None:
        self._inner, self._path, self._budget = inner, path, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with damage_explained(self._path):
            piece = self._inner.read(len(buffer))
        self._budget(len(piece))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._inner.close()
        super().close()


@contextmanager
def decompressed(path: Path) -> Iterator[tuple[str, io.BufferedReader]]:
    """Open a file, through the decompression that its first bytes ask for."""
    with path.open("rb") as file:
        start = file.read(6)
    for signature, opener in OPENERS.items():
        if start.startswith(signature):
            with opener(path) as inner:
                yield path.stem, _guarded(inner, path, budget(path))
            return
    with whole(path) as stream:
        yield path.name, stream


def whole(file: Path) -> io.BufferedReader:
    return _guarded(file.open("rb"), file, no_limit)


def opened(
    opener: Callable[[Any], Any], entry: Any, path: Path, budget: Callable[[int], None]
) -> io.BufferedReader:
    with damage_explained(path):
        return _guarded(opener(entry), path, budget)


def _guarded(
    inner: Any, path: Path, budget: Callable[[int], None]
) -> io.BufferedReader:
    return io.BufferedReader(Guarded(inner, path, budget), buffer_size=1 << 16)


def budget(path: Path) -> Callable[[int], None]:
    """Return what is told how many bytes came out of the file, and refuses too many."""
    packed, unpacked = path.stat().st_size, 0

    def spend(count: int) -> None:
        nonlocal unpacked
        unpacked += count
        if unpacked > max(SMALL, LARGEST_RATIO * packed):
            raise InputError(
                f"{path} is refused: its {packed:,} bytes grow to more than {unpacked:,}, over "
                f"{LARGEST_RATIO} times as many, which no copy of FER2013 does. Get the file "
                "from a source you trust."
            )

    return spend


def no_limit(_: int) -> None:
    """A file as it is takes no more than its place on the disk."""


@contextmanager
def damage_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno in REMEDIES:
            raise
        why = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path} is damaged or not complete ({why}). Fetch it again, or set `data.source` "
            "in params.yaml to another copy."
        ) from None
