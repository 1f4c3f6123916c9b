"""A folder, an archive or one compressed file, seen as named bytes; nothing is ever unpacked.

The form is told by content, not by the file's name: zip, tar (compressed or not), gzip, xz, or
a file as it is.
"""

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from stages.lib.console import InputError

OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
}
DAMAGE = (
    EOFError,
    OSError,  # gzip's, among others
    RuntimeError,  # a zip with a password
    NotImplementedError,  # a zip compressed in a way Python does not know
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class Member(NamedTuple):
    """One file; `read` works until the next member is asked for."""

    name: PurePosixPath
    read: Callable[[], bytes]


def members(path: Path) -> Iterator[Member]:
    """Go through the files of a folder, an archive, or the one of a compressed file.

    What the operating system leaves behind (.DS_Store, __MACOSX/, Thumbs.db) is passed over.

    Raises:
        InputError: If a member points outside the archive, is a link, or is damaged.
    """
    with _damage_explained(path):
        if path.is_dir():
            found = _folder(path)
        elif tarfile.is_tarfile(path):
            found = _tar(path)
        elif zipfile.is_zipfile(path):
            found = _zip(path)
        else:
            found = _single(path)
        for member in found:
            if not _is_clutter(member.name):
                yield Member(member.name, partial(_read, path, member))


def _read(path: Path, member: Member) -> bytes:
    with _damage_explained(path):
        return member.read()


def _folder(path: Path) -> Iterator[Member]:
    for file in sorted(path.rglob("*")):
        if file.is_file():
            name = PurePosixPath(file.relative_to(path).as_posix())
            yield Member(name, file.read_bytes)


def _tar(path: Path) -> Iterator[Member]:
    # In the archive's own order: going back in a compressed one means starting over.
    with tarfile.open(path) as archive:
        for entry in archive:
            name = _inside(path, entry.name, is_plain=entry.isreg() or entry.isdir())
            content = archive.extractfile(entry)
            if content:  # None for a folder
                yield Member(name, content.read)


def _zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)  # 0: where there are no kinds
            is_plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
            name = _inside(path, entry.filename, is_plain=is_plain)
            if not entry.is_dir():
                yield Member(name, partial(archive.read, entry))


def _single(path: Path) -> Iterator[Member]:
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"PK"):
        raise zipfile.BadZipFile("the end of the zip file is missing")
    for signature, opener in OPENERS.items():
        if start.startswith(signature):
            with opener(path) as content:
                yield Member(PurePosixPath(path.stem), content.read)
            return
    yield Member(PurePosixPath(path.name), path.read_bytes)


def _inside(path: Path, entry: str, *, is_plain: bool) -> PurePosixPath:
    """Return a member's name, if it is a plain file or folder inside the archive."""
    name = PurePosixPath(entry.replace("\\", "/"))
    drive = any(":" in part for part in name.parts[:1])
    outside = name.is_absolute() or ".." in name.parts or drive
    if outside or not is_plain:
        what = "points outside the archive" if outside else "is a link or a device"
        raise InputError(
            f"{path} is refused: its member `{entry}` {what}, which an honest copy of FER2013 "
            "has no use for. Get the archive from a source you trust, or unpack it yourself and "
            "set `data.source` in params.yaml to the folder."
        )
    return name


def _is_clutter(name: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in name.parts)
    return hidden or name.name in ("Thumbs.db", "desktop.ini")


@contextmanager
def _damage_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise InputError(
            f"{path} is damaged or not complete ({error}). Fetch it again, or set `data.source` "
            "in params.yaml to another copy."
        ) from None
