"""A folder, an archive or one compressed file, seen as named streams; nothing is ever unpacked.

The format is told by content, not by the file's name: zip, tar (compressed or not), gzip, xz,
bzip2, or a file as it is. What is read is never held as a whole, so that a file that grows
beyond all measure when it is decompressed costs neither memory nor disk.
"""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fer_transfer.console.errors import InputError
from fer_transfer.data.streams import (
    budget,
    damage_explained,
    decompressed,
    no_limit,
    opened,
    whole,
)

LONGEST_NAME = 1_000

# In lower case: macOS's, Windows', and a network disk's.
CLUTTER_FOLDERS = ("__macosx", "$recycle.bin", "system volume information", "@eadir")
CLUTTER = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\ufffd", "icon\r")


class Member(NamedTuple):
    """One file; what `open` gives works until the next member is asked for."""

    name: PurePosixPath
    open: Callable[[], io.BufferedReader]


def members(path: Path) -> Iterator[Member]:
    """Go through the files of a folder, an archive, or the one of a compressed file.

    What an operating system leaves behind (.DS_Store, Thumbs.db, ...) is passed over.

    Raises:
        InputError: If a member points outside the archive, is a link or there twice, or if
            the file is damaged or a decompression bomb.
    """
    seen = set()
    for member in _found(path):
        if is_clutter(member.name):
            continue
        if member.name in seen:
            raise InputError(
                f"{path} is refused: it holds {member.name} twice, and nothing says which one "
                "counts. Take another copy."
            )
        seen.add(member.name)
        yield member


def _found(path: Path) -> Iterator[Member]:
    with damage_explained(path):
        if path.is_dir():
            yield from _folder(path)
        elif _is_tar(path):
            yield from _tar(path)
        elif zipfile.is_zipfile(path):
            yield from _zip(path)
        else:
            yield from _single(path)


def _folder(path: Path) -> Iterator[Member]:
    for file in sorted(path.rglob("*")):
        if file.is_file():
            name = _printable(file.relative_to(path).as_posix())
            yield Member(PurePosixPath(name), partial(whole, file))


def _zip(path: Path) -> Iterator[Member]:
    spend = budget(path)
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)  # 0: where there are no kinds
            is_plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
            name = _inside(path, entry.filename, is_plain=is_plain)
            if not entry.is_dir():
                open_entry = partial(opened, archive.open, entry, path, spend)
                yield Member(name, open_entry)


def _is_tar(path: Path) -> bool:
    # Not tarfile.is_tarfile, which reads as much into memory as the first header says.
    with decompressed(path) as (_, stream):
        start = stream.read(tarfile.BLOCKSIZE)
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _tar(path: Path) -> Iterator[Member]:
    # In the archive's own order: going back in a compressed one means starting over.
    with (
        decompressed(path) as (_, stream),
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for entry in archive:
            is_plain = (entry.isreg() and not entry.issparse()) or entry.isdir()
            name = _inside(path, entry.name, is_plain=is_plain)
            if not entry.isdir():
                extract = partial(opened, archive.extractfile, entry, path, no_limit)
                yield Member(name, extract)
    _check_tar_end(path, archive.offset)


def _single(path: Path) -> Iterator[Member]:
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            raise zipfile.BadZipFile("the end of the zip file is missing")
    with decompressed(path) as (name, stream):
        yield Member(PurePosixPath(_printable(name)), lambda: stream)


def _check_tar_end(path: Path, offset: int) -> None:
    """Raise if a tar ends otherwise than in a block of zeros.

    tarfile takes a damaged header for the end, and a tar that was cut off for a whole one.
    """
    with decompressed(path) as (_, stream):
        while offset:
            piece = stream.read(min(offset, 1 << 20))
            offset -= len(piece)
            if not piece:
                break
        end = stream.read(tarfile.BLOCKSIZE)
    if end != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("what follows its last member is no end")


def _inside(path: Path, entry: str, *, is_plain: bool) -> PurePosixPath:
    """Return a member's name, if it is a plain file or folder inside the archive."""
    name = PurePosixPath(_printable(entry.replace("\\", "/")))
    drive = entry[1:2] == ":"
    reasons = {
        "points outside the archive": name.is_absolute() or ".." in name.parts or drive,
        "is a link or a device": not is_plain,
        "has no name": not entry,
        "has a name without end": len(entry) > LONGEST_NAME,
    }
    for what, is_true in reasons.items():
        if is_true:
            raise InputError(
                f"{path} is refused: its member `{str(name)[:100]}` {what}, which an honest copy "
                "of FER2013 has no use for. Get the archive from a source you trust, or unpack "
                "it yourself and set `data.source` in params.yaml to the folder."
            )
    return name


def _printable(name: str) -> str:
    """Return a name that can be shown: line ends and the like become a question mark."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)


def is_clutter(name: PurePosixPath) -> bool:
    """Say whether a file is what an operating system leaves beside a user's.

    >>> is_clutter(PurePosixPath("train/happy/1.png:Zone.Identifier"))
    True
    """
    hidden = any(
        part.startswith(".") or part.lower() in CLUTTER_FOLDERS for part in name.parts
    )
    last = name.name.lower()
    return hidden or last in CLUTTER or last.endswith("zone.identifier")
