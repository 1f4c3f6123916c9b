"""Class folders: a folder per class, perhaps in train/, val/ and test/, perhaps with people.

happy/1.jpg   train/happy/1.jpg   happy/Ann/1.jpg   Ann/happy/1.jpg
"""

import logging
import os
from itertools import takewhile
from pathlib import Path, PurePosixPath

from fer_transfer.console.errors import some_of
from fer_transfer.readers import listing
from fer_transfer.readers.labels import is_emotion, is_number

logger = logging.getLogger(__name__)

Folders = tuple[str, ...]

OUTSIDE = "not in a class folder, so it has no label"
TABLES = (".csv", ".tsv", ".xls", ".xlsx", ".ods")
NOT_A_MANIFEST = "a spreadsheet or CSV file, but not a manifest (CSV UTF-8 with the columns path and label)"


def read(root: Path) -> listing.Listing:
    """Take the label of each file below `root` from the folder it lies in."""
    names, dropped = listing.list_files(root)
    images = listing.images_among(names)
    around = _find_wrappers(images)
    inside = {name: _inside(name, around) for name in names}
    has_parts = _has_parts([inside[name] for name in images])
    placed = {name: _split(inside[name], has_parts) for name in names}
    levels = _levels([placed[name][1] for name in images])
    rows: list[dict[str, str]] = []
    for name, (part, folders) in placed.items():
        if len(folders) > levels["label"]:
            row = {"file": name, "part": part}
            for column, level in levels.items():
                row[column] = listing.normalised("".join(folders[level : level + 1]))
            rows.append(row)
        else:
            reason = NOT_A_MANIFEST if name.lower().endswith(TABLES) else OUTSIDE
            dropped.append(listing.Dropped(name, reason))
    return listing.Listing(listing.as_table(rows), dropped)


def _find_wrappers(names: list[str]) -> Folders:
    """Return the folders around all others, such as the one that an archive unpacks into."""
    # A picture at the top is in no class folder.
    around = {PurePosixPath(name).parent for name in names} - {PurePosixPath()}
    if len(around) == 1:
        around = {folder.parent for folder in around}
    around_all = PurePosixPath(os.path.commonpath(around or ["."]))
    return tuple(takewhile(_is_wrapper, around_all.parts))


def _is_wrapper(folder: str) -> bool:
    is_part = folder.lower() in listing.PART_OF
    return not (is_part or is_emotion(folder) or is_number(folder))


def _inside(name: str, around: Folders) -> Folders:
    """Return the folders of a file below those around all others; none if it lies elsewhere."""
    folders = PurePosixPath(name).parts[:-1]
    return folders[len(around) :] if folders[: len(around)] == around else ()


def _has_parts(paths: list[Folders]) -> bool:
    """Tell whether outer folders are parts; one alone beside other folders is a class of that name."""
    outer = {path[0].lower() for path in paths if path}
    parts = {listing.PART_OF.get(folder, "") for folder in outer}
    return "" not in parts or len(parts) > 2


def _split(folders: Folders, has_parts: bool) -> tuple[str, Folders]:
    """Return the part that a file belongs to, if any, and the folders below it."""
    if not has_parts:
        return "", folders
    part = listing.PART_OF.get(folders[0].lower(), "") if folders else ""
    return part, folders[1:] if part else ()


def _levels(paths: list[Folders]) -> dict[str, int]:
    """Return at which depth the label is, and at which the person, if people have folders.

    People have folders where images lie two folders deep or deeper and the second ones differ.
    They are the outer ones if no outer folder is named after an emotion and at least half of the
    inner ones are.
    """
    inner = {path[1] for path in paths if len(path) > 1}
    if not inner:
        return {"label": 0}
    levels = [sorted({path[0] for path in paths if path}), sorted(inner)]
    known = [sum(map(_is_class, level)) / len(level) for level in levels]
    label = int(known[0] == 0 and known[1] >= 0.5)
    if label == 0 and len(inner) == 1:
        return {"label": 0}
    logger.warning(
        "Folders read as classes: %s; as people: %s. If that is wrong, give a manifest.",
        some_of(levels[label], 5),
        some_of(levels[1 - label], 5),
    )
    return {"label": label, "person": 1 - label}


def _is_class(folder: str) -> bool:
    return is_emotion(folder) and folder.lower() != "joy"  # a name, too
