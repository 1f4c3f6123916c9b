"""What a form says of each labelled photo, and what lies in a folder of photos."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from algorithm.lib.names import in_one_line
from algorithm.lib.settings import PATH
from fer_transfer.console.errors import InputError
from fer_transfer.data import fer2013
from fer_transfer.detection import file_kinds
from fer_transfer.detection.detectors import Box
from fer_transfer.detection.inputs import Input, list_inputs
from fer_transfer.detection.status import Rejected

# What folders and manifests call the sets, in any case.
PARTS = {
    "train": (*fer2013.TRAIN_FOLDERS, "train_set"),
    "val": (*fer2013.VALIDATION_FOLDERS, "val_set"),
    "test": (*fer2013.TEST_FOLDERS, "test_set"),
}
PART_OF = {word: part for part, words in PARTS.items() for word in words}


class Entry(NamedTuple):
    """A labelled face, as the form states it."""

    photo: str  # path relative to the folder, or row of an array
    label: str  # as the data set has it: a word or a number
    group: str = ""  # the person; empty where the form names none
    box: Box | None = None  # in pixels of the photo as it is displayed
    part: str = ""  # train, val or test where the data set says so
    sha256: str = ""  # of an array's row; a file's is taken later


class Dropped(NamedTuple):
    """A photo, or a line of a list, that does not become an entry."""

    photo: str
    reason: str  # the same words for all that are dropped for it


@dataclass
class Found:
    """What was read of a source."""

    entries: list[Entry] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    def drop(self, photo: str, reason: str) -> None:
        self.dropped.append(Dropped(photo, reason))


@dataclass(frozen=True)
class Folder:
    """A folder with the names of all files below it, relative to it and sorted."""

    root: Path
    files: tuple[str, ...]
    dropped: tuple[Dropped, ...]  # what cannot be read, or named

    @cached_property
    def photos(self) -> tuple[str, ...]:
        """The files that are called like photos."""
        return tuple(
            name for name in self.files if file_kinds.has_photo_name(Path(name))
        )

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """The photos by the last part of their path."""
        names: dict[str, list[str]] = {}
        for photo in self.photos:
            names.setdefault(PurePosixPath(photo).name, []).append(photo)
        return names

    def find(self, name: str) -> str | None:
        """Return the photo whose path ends in what a list of the data set says.

        Raises:
            InputError: If there are two of them.
        """
        end = "/" + name.removeprefix("./")
        same = self.by_name.get(PurePosixPath(name).name, [])
        found = [photo for photo in same if f"/{photo}".endswith(end)]
        if len(found) > 1:
            raise InputError(
                f"{self.root} has `{in_one_line(name)}`, which a list names, in {len(found)} places: "
                f"{in_one_line(', '.join(found[:3]))}. Set `gather.source` in {PATH} to a folder with one "
                "of them, or remove the others."
            )
        return found[0] if found else None


def open_folder(root: Path) -> Folder:
    """List a folder; links are followed, but into no folder twice.

    Raises:
        InputError: If it is empty.
    """
    names, dropped = [], []
    for one in list_inputs([f"{root}/"]):
        name = os.path.relpath(one.path, root)
        if reason := _unfit(one):
            dropped.append(Dropped(_as_text(name), reason))
        else:
            names.append(name)
    if not names:
        why = "; ".join(sorted({one.reason for one in dropped}))
        raise InputError(
            f"`gather.source` in {PATH} is {root}, where no file can be read ({why}). Set it to "
            "a folder with labelled photos in it or below it."
        )
    return Folder(root, tuple(sorted(names)), tuple(dropped))


def _unfit(one: Input) -> str:
    """Say why a file cannot be gathered; empty if it can."""
    if isinstance(one.rejected, Rejected):
        return one.rejected.reason
    try:
        one.path.encode()
    except UnicodeEncodeError:
        return "its name is no UTF-8: rename it"
    path = Path(one.path)
    if not path.exists():
        return "a symbolic link that leads to no file"
    return "" if path.is_file() else "no regular file: a pipe or a device"


def _as_text(name: str) -> str:
    return os.fsencode(name).decode(errors="backslashreplace")
