"""A manifest: a CSV file beside the images that labels them.

    path,label,person,part,left,top,width,height
    holiday/anna.jpg,happy,anna,train,120,80,64,64

All columns but the first two may be missing or empty. Paths are relative to the manifest's folder.
The box is in pixels of the photo as it is displayed; without one the face is looked for.
"""

import math
import posixpath
from pathlib import Path

import pandas as pd

from fer_transfer.console.errors import InputError, shown
from fer_transfer.data.faces import COLUMNS
from fer_transfer.readers import csv_files
from fer_transfer.readers.listing import (
    PART_OF,
    Dropped,
    Listing,
    list_files,
    normalised,
)

REQUIRED = ("path", "label")
BOX = ("left", "top", "width", "height")
KNOWN = (*REQUIRED, "person", "part", *BOX)
MISSING = "the manifest names it, but there is no such file"
TWICE = "the manifest names it twice"
UNNAMED = "the manifest does not name it"


def find(paths: list[Path]) -> list[Path]:
    """Return which of the CSV files at the top of a source are manifests."""
    return [path for path in paths if set(REQUIRED) <= set(csv_files.header(path))]


def read(path: Path) -> Listing:
    """Read a manifest; files that it does not name are dropped, as are lines without a file.

    Raises:
        InputError: If rows are at fault; it lists them.
    """
    table = csv_files.read(path, REQUIRED)
    unknown = [str(name) for name in table if name not in KNOWN]
    if unknown:
        raise InputError(
            f"{path} has the columns {shown(', '.join(unknown))}, which are not known. "
            f"Expected {', '.join(KNOWN)}. Rename or remove them."
        )
    table = table.reindex(columns=KNOWN, fill_value="")
    _check_rows(path, table)
    names, dropped = list_files(path.parent)
    file_of = {normalised(name): name for name in names}
    table["file"] = [file_of.get(_key(name), "") for name in table["path"]]
    table["part"] = [PART_OF.get(word.lower(), "") for word in table["part"]]
    for column in ("label", "person"):
        table[column] = table[column].map(normalised)
    named = set(table["file"])
    dropped += [Dropped(name, MISSING) for name in table["path"][table["file"] == ""]]
    dropped += [
        Dropped(name, UNNAMED)
        for name in names
        if name not in named and name != path.name
    ]
    table = table[table["file"] != ""]
    return _without_repeats(path, table[list(COLUMNS)], dropped)


def _without_repeats(
    path: Path, table: pd.DataFrame, dropped: list[Dropped]
) -> Listing:
    """Keep each face once: a file and, where there are boxes, a box in it."""
    once = table.drop_duplicates()
    dropped += [Dropped(name, TWICE) for name in table["file"].drop(once.index)]
    contradicting = once.duplicated(["file", *BOX])
    if contradicting.any():
        files = sorted(set(once["file"][contradicting]))
        raise InputError(
            f"{path} names {len(files)} files more than once, with different labels, people or "
            f"parts: {_first(files)}. Remove the wrong lines, or give each face its box."
        )
    return Listing(once.reset_index(drop=True), dropped)


def _check_rows(path: Path, table: pd.DataFrame) -> None:
    boxes = table[list(BOX)].agg(tuple, axis=1)
    problems = {
        "has no label": table["label"] == "",
        "has a path that does not lead to a file below the manifest's folder": ~table[
            "path"
        ].map(_is_below),
        "has a part other than train, val and test": ~table["part"].map(
            lambda word: word == "" or word.lower() in PART_OF
        ),
        f"has a box that is not four numbers, {', '.join(BOX)} in pixels": ~boxes.map(
            _is_box
        ),
    }
    lines = [
        f"row {row + 1} {problem} ({shown(', '.join(filter(None, table.loc[row])))})"
        for problem, wrong in problems.items()
        for row in table.index[wrong]
    ]
    if lines:
        raise InputError(
            f"{path}: {_first(lines, '; ')}. Correct or remove {len(lines)} in all."
        )


def _first(values: list[str], separator: str = ", ") -> str:
    more = separator + "..." if len(values) > 10 else ""
    return separator.join(values[:10]) + more


def _key(path: str) -> str:
    return normalised(posixpath.normpath(path.replace("\\", "/")))


def _is_below(path: str) -> bool:
    name = _key(path)
    has_drive = name[1:2] == ":"
    return bool(path) and not has_drive and not name.startswith(("/", "..", "~"))


def _is_box(texts: tuple[str, ...]) -> bool:
    if not any(texts):
        return True
    try:
        left, top, width, height = map(float, texts)
    except ValueError:
        return False
    is_finite = all(map(math.isfinite, (left, top, width, height)))
    return is_finite and width > 0 and height > 0
