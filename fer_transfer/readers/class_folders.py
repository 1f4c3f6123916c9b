"""Class folders: a folder per class, perhaps in train/, val/ and test/, perhaps with people.

happy/1.jpg   train/happy/1.jpg   happy/Ann/1.jpg   Ann/happy/1.jpg
"""

import os
from itertools import takewhile
from pathlib import Path, PurePosixPath

from fer_transfer.readers import listing
from fer_transfer.readers.labels import is_emotion, is_number

Folders = tuple[str, ...]

OUTSIDE = "it lies in no class folder, so nothing says what it shows"
TABLES = (".csv", ".tsv", ".xls", ".xlsx", ".ods")
NOT_A_MANIFEST = "a table, not a manifest (CSV UTF-8 with the columns path and label)"


def read(root: Path) -> listing.Listing:
    """Take the label of each file below `root` from the folder it lies in."""
    names, dropped = listing.list_files(root)
    num_wrappers = _count_wrappers(names)
    rows: list[dict[str, str]] = []
    folders: list[Folders] = []
    for name in names:
        inside = PurePosixPath(name).parts[num_wrappers:-1]
        part = listing.PART_OF.get(inside[0].lower(), "") if inside else ""
        if inside := inside[1:] if part else inside:
            rows.append({"file": name, "part": part})
            folders.append(inside)
        else:
            is_table = name.lower().endswith(TABLES)
            reason = NOT_A_MANIFEST if is_table else OUTSIDE
            dropped.append(listing.Dropped(name, reason))
    for column, level in _levels(folders).items():
        for row, inside in zip(rows, folders, strict=True):
            row[column] = listing.normalised(inside[level])
    return listing.Listing(listing.as_table(rows), dropped)


def _count_wrappers(names: list[str]) -> int:
    """Count the folders around all others, such as the one that an archive unpacks into."""
    outer = [str(PurePosixPath(name).parent.parent) for name in names]
    around_all = PurePosixPath(os.path.commonpath(outer or ["."]))
    return len(list(takewhile(_is_wrapper, around_all.parts)))


def _is_wrapper(folder: str) -> bool:
    is_part = folder.lower() in listing.PART_OF
    return not (is_part or is_emotion(folder) or is_number(folder))


def _levels(paths: list[Folders]) -> dict[str, int]:
    """Return at which depth the label is, and at which the person, if people have folders.

    People have folders where all files lie two folders deep and the second ones differ.
    """
    if not paths or any(len(path) != 2 for path in paths):
        return {"label": 0}
    outer, inner = (set(folders) for folders in zip(*paths, strict=True))
    if all(map(is_emotion, inner)) and not any(map(is_emotion, outer)):
        return {"label": 1, "person": 0}
    return {"label": 0, "person": 1} if len(inner) > 1 else {"label": 0}
