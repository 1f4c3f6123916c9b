"""The labelled image files of a source, before any of them is opened."""

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fer_transfer.console.errors import InputError, shown
from fer_transfer.data.faces import COLUMNS

# What data sets call their parts, in lower case.
PARTS = {
    "train": ("train", "training", "train_set"),
    "val": ("val", "valid", "validation", "publictest", "val_set"),
    "test": ("test", "testing", "privatetest", "test_set"),
}
PART_OF = {word: part for part, words in PARTS.items() for word in words}

# Files and folders that macOS, Windows and network disks leave behind, in lower case.
OF_SYSTEMS = {"__macosx", "$recycle.bin", "system volume information", "@eadir"}
OF_SYSTEMS |= {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
OF_THE_SYSTEM = "a file of the operating system"
# Suffixes of the files from which the layout is inferred; other files are read too.
IMAGES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".png", ".gif", ".bmp", ".webp"),
    *(".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".tga"),
    *(".heic", ".heif", ".hif", ".avif"),
    *(".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2"),  # of cameras
)
BAD_NAME = "its name is not UTF-8 or has a control character: rename it"
EMPTY = "a folder without a photo"


class Dropped(NamedTuple):
    """A file or a line of a list that gives no face."""

    file: str
    reason: str  # identical for all files dropped for this reason


class Listing(NamedTuple):
    """What a source says of its image files.

    Attributes:
        table: A row per labelled face with COLUMNS, all text; labels as the source spells them;
            the box is empty where the face is yet to be found.
        dropped: What was found and not taken.
    """

    table: pd.DataFrame
    dropped: list[Dropped]


def as_table(rows: Iterable[dict[str, str]]) -> pd.DataFrame:
    """Make rows, each with some of COLUMNS, a table with all of them."""
    return pd.DataFrame(list(rows), columns=COLUMNS, dtype=str).fillna("")


def list_files(root: Path) -> tuple[list[str], list[Dropped]]:
    """List the files below a folder, relative to it and sorted; links are followed.

    What an operating system left there, what has a name that cannot be written, and folders with
    nothing else are dropped.

    Raises:
        InputError: If a folder has such a name: all that is in it would be dropped.
    """
    reasons: dict[str, str] = {}
    for folder, folders, files in os.walk(root, followlinks=True):
        inside = Path(folder).relative_to(root)
        names = (str(inside / file) for file in files)
        in_it = {name: _reason_to_drop(name) for name in names}
        why = _reason_to_drop(inside.as_posix())
        if why == BAD_NAME:
            raise InputError(f"The folder {shown(str(inside))} cannot be read: {why}.")
        if not why and not folders and all(in_it.values()):
            in_it[f"{inside}/"] = EMPTY
        reasons |= in_it
    reasons = dict(sorted(reasons.items()))
    dropped = [
        Dropped(_printable(name), reason) for name, reason in reasons.items() if reason
    ]
    return [name for name in reasons if not reasons[name]], dropped


def _printable(name: str) -> str:
    """Return a name as a CSV file can hold it."""
    return os.fsencode(name.replace("\r", r"\r")).decode(errors="backslashreplace")


def images_among(names: list[str]) -> list[str]:
    """Return the files with an image suffix, or all files if none has one.

    A file without a suffix may be one too, if it lies in a folder and not above all those images,
    as a LICENSE does.
    """
    called = {name for name in names if name.lower().endswith(IMAGES)}
    least = max(1, min((name.count("/") for name in called), default=1))

    def may_be_one(name: str) -> bool:
        return name in called or (name.count("/") >= least and not Path(name).suffix)

    return list(filter(may_be_one, names)) or names


def normalised(text: str) -> str:
    """Return text in the one form of Unicode in which equal words are equal.

    macOS takes accents apart (NFD); most others do not (NFC).
    """
    return unicodedata.normalize("NFC", text).strip()


def _reason_to_drop(name: str) -> str:
    name = name.lower()
    is_of_system = name.endswith("zone.identifier") or any(
        part.startswith(".") or part in OF_SYSTEMS for part in name.split("/")
    )
    # A photo that macOS has not downloaded begins with a dot, too.
    if is_of_system and not name.endswith(".icloud"):
        return OF_THE_SYSTEM
    return BAD_NAME if has_control(name) else ""


def has_control(text: str) -> bool:
    """Tell whether text has control characters, or bytes that are not UTF-8 (surrogates)."""
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
