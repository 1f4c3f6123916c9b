"""A manifest: a CSV file beside the images that labels them.

    path,label,person,part,left,top,width,height
    holiday/anna.jpg,happy,anna,train,120,80,64,64

All columns but the first two may be missing or empty. Paths are relative to the manifest's folder.
The box is in pixels of the photo as it is displayed; without one the face is looked for.
"""

import math
import posixpath
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pandas as pd

from fer_transfer.console.errors import InputError, shown
from fer_transfer.data.faces import COLUMNS
from fer_transfer.readers import csv_files
from fer_transfer.readers.listing import (
    PART_OF,
    PARTS,
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
        InputError: If rows are at fault, or no path leads to a file.
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
    _check_any_exists(path, table, names)
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
        "no label": table["label"] == "",
        "a path that is not relative to the manifest's folder and below it, such as "
        "happy/1.jpg": ~table["path"].map(_is_below),
        f"a part other than {', '.join(PARTS)}": ~table["part"]
        .str.lower()
        .isin(["", *PART_OF]),
        f"a box that is not four numbers, {', '.join(BOX)} in pixels": ~boxes.map(
            _is_box
        ),
    }
    sentences = [
        f"{wrong.sum()} rows have {problem}: number {_first(table.index[wrong] + 1)}, the first "
        f"with {shown(', '.join(filter(None, table[wrong].iloc[0])))}. "
        for problem, wrong in problems.items()
        if wrong.any()
    ]
    if sentences:
        raise InputError(f"{path}: {''.join(sentences)}Correct or remove them.")


def _check_any_exists(path: Path, table: pd.DataFrame, names: list[str]) -> None:
    if len(table) and not table["file"].any():
        raise InputError(
            f"{path}: none of its {len(table)} paths leads to a file, such as "
            f"{shown(table['path'][0])}. Paths are relative to the manifest's folder, which holds "
            f"{_first(name for name in names if name != path.name) or 'no other file'}. Correct "
            "them, in upper and lower case too."
        )


def _first(values: Iterable[object]) -> str:
    *shown_values, last = [*map(str, islice(values, 4)), ""][:4]
    return ", ".join(shown_values) + (", ..." if last else "")


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
