"""Which files are to be read: files, folders with all that is below them, a list on standard input."""

import os
import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fer_transfer.console.errors import InputError
from fer_transfer.detection.status import Rejected, Status, unreadable

STANDARD_INPUT = "-"
# What a folder of recognise's results holds: not photos to read.
RESULTS = ("faces.csv", "files.csv", "faces.jsonl")
UNFINISHED = ".unfinished"


class Input(NamedTuple):
    """A file to read, or what keeps us from it."""

    path: str
    named: bool = True  # by the user, not found in a folder
    rejected: Rejected | None = None
    camera: int | None = None  # its number, in place of a file

    @property
    def shown(self) -> str:
        """The path as text: a name may hold bytes that are not UTF-8."""
        return os.fsencode(self.path).decode(errors="backslashreplace")


def list_inputs(arguments: Iterable[str], leave_out: Path | None = None) -> list[Input]:
    """List every input once, in the order given, a folder's in the order of their names.

    Args:
        arguments: Files, folders, and `-` for a list on standard input.
        leave_out: A folder that is not entered: the one that results are written to.
    """
    inputs: dict[str, Input] = {}
    for argument in arguments:
        for path in _standard_input() if argument == STANDARD_INPUT else [argument]:
            if not path:  # not the working directory
                raise InputError("A path is empty. Check its shell variable.")
            for entry in _below(os.path.normpath(path), leave_out):
                place = os.path.abspath(entry.path)  # noqa: PTH100  # keeps links
                known = inputs.setdefault(place, entry)
                inputs[place] = known._replace(named=known.named or entry.named)
    return list(inputs.values())


def identity(path: str) -> list[int]:
    """Return what changes when a file does: its size and the time it was written."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return []
    return [status.st_size, status.st_mtime_ns]


def _standard_input() -> list[str]:
    """Read a list of paths, one per line, or ended by zeros as `find -print0` writes them."""
    content = sys.stdin.buffer.read() if sys.stdin else b""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # as PowerShell writes it
        content = content.decode("utf-16").encode()
    content = content.removeprefix(BOM_UTF8)
    names = content.replace(b"\r\n", b"\n").split(b"\n")
    if b"\0" in content:
        names = content.split(b"\0")
    if paths := [os.fsdecode(name) for name in names if name]:
        return paths
    raise InputError("Standard input is empty: expected a path per line.")


def _below(path: str, leave_out: Path | None) -> list[Input]:
    """List a file, also one that is missing, or the files below a folder."""
    if not os.path.isdir(path):  # noqa: PTH112  # False, too, where a folder above is closed
        return [Input(path)]
    reason = "the folder holds no file: expected photos in it or below it"
    empty = Input(path, rejected=Rejected(Status.EMPTY, reason))
    return list(_walk(path, leave_out)) or [empty]


def _walk(top: str, leave_out: Path | None) -> Iterator[Input]:
    """Find every file below a folder; links are followed, but into no folder twice."""
    errors: list[OSError] = []
    entered = {_number(str(leave_out))} if leave_out and leave_out.is_dir() else set()
    for folder, folders, names in os.walk(top, onerror=errors.append, followlinks=True):
        if (number := _number(folder)) in entered:
            folders.clear()
            continue
        entered.add(number)
        if UNFINISHED in folders or set(RESULTS) <= set(names):
            folders.clear()
            reason = "results of fer-recognise: give the photos themselves"
            yield Input(folder, False, Rejected(Status.SKIPPED, reason))
            continue
        folders.sort()
        for name in sorted(names):
            yield Input(os.path.join(folder, name), named=False)  # noqa: PTH118  # keeps `./`
    for error in errors:
        yield Input(str(error.filename), rejected=unreadable(error))


def _number(folder: str) -> tuple[int, int]:
    status = Path(folder).stat()
    return status.st_dev, status.st_ino
