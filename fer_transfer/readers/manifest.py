"""A manifest: a CSV file beside the images that labels them.

    path,label,person,part,left,top,width,height
    holiday/anna.jpg,happy,anna,train,120,80,64,64

All columns but the first two may be missing or empty. Paths are relative to the manifest's folder.
The box is in pixels of the photo as it is displayed; without one the face is looked for.
"""

import posixpath
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError, shown
from fer_transfer.data.faces import COLUMNS
from fer_transfer.readers import csv_files, listing

REQUIRED = ("path", "label")
BOX = ("left", "top", "width", "height")
KNOWN = (*REQUIRED, "person", "part", *BOX)
MISSING = "the manifest names it, but there is no such file"
TWICE = "the manifest names it twice"
UNNAMED = "the manifest does not name it"


def read(path: Path) -> listing.Listing:
    """Read a manifest; files that it does not name are dropped, as are lines without a file.

    Raises:
        InputError: If rows are at fault, or no path leads to a file.
    """
    table = csv_files.read(path, REQUIRED)
    unknown = [name for name in table if name not in KNOWN]
    if unknown:
        raise InputError(
            f"{path} has the columns {shown(unknown)}, which are not known. Expected "
            f"{', '.join(KNOWN)}. Rename or remove them."
        )
    table = table.reindex(columns=KNOWN, fill_value="")
    _check_rows(path, table)
    names, dropped = listing.list_files(path.parent)
    names.remove(path.name)
    file_of = {listing.normalised(name): name for name in names}
    table["file"] = [file_of.get(_key(name), "") for name in table["path"]]
    _check_any_exists(path, table, names)
    table["part"] = table["part"].str.lower().map(listing.PART_OF).fillna("")
    for column in ("label", "person"):
        table[column] = table[column].map(listing.normalised)
    is_there = table["file"] != ""
    unnamed = sorted(set(names) - set(table["file"]))
    dropped += [listing.Dropped(name, MISSING) for name in table["path"][~is_there]]
    dropped += [listing.Dropped(name, UNNAMED) for name in unnamed]
    return _without_repeats(path, table.loc[is_there, list(COLUMNS)], dropped)


def _without_repeats(
    path: Path, table: pd.DataFrame, dropped: list[listing.Dropped]
) -> listing.Listing:
    """Keep each face once: a file and, where there are boxes, a box in it."""
    once = table.drop_duplicates()
    dropped += [listing.Dropped(name, TWICE) for name in table["file"].drop(once.index)]
    contradicting = once["file"][once.duplicated(["file", *BOX])].unique().tolist()
    if contradicting:
        raise InputError(
            f"{path} names {len(contradicting)} files more than once, with different labels, "
            f"people or parts: {shown(contradicting)}. Remove the wrong lines, or give each face "
            "its box."
        )
    return listing.Listing(once.reset_index(drop=True), dropped)


def _check_rows(path: Path, table: pd.DataFrame) -> None:
    parts, boxes = table["part"].str.lower(), table[list(BOX)]
    numbers = boxes.apply(pd.to_numeric, errors="coerce").astype(float)
    is_box = np.isfinite(numbers).all(axis=1) & (numbers.iloc[:, 2:] > 0).all(axis=1)
    known = ["", *listing.PART_OF]
    is_wrong_box = (boxes != "").any(axis=1) & ~is_box
    problems = {
        "no label": table["label"] == "",
        "a control character": table.map(listing.has_control).any(axis=1),
        "a path that is not relative to the manifest's folder and below it, such as "
        "happy/1.jpg": ~table["path"].map(_is_below),
        f"a part other than {', '.join(listing.PARTS)}": ~parts.isin(known),
        f"a box that is not four numbers, {', '.join(BOX)} in pixels": is_wrong_box,
        "a box in fractions, not pixels": is_box & (numbers <= 1).all(axis=1),
    }
    sentences = [
        f"{wrong.sum()} rows have {problem}: number {shown((table.index[wrong] + 1).tolist())}, "
        f"the first with {shown(', '.join(filter(None, table[wrong].iloc[0])))}. "
        for problem, wrong in problems.items()
        if wrong.any()
    ]
    if sentences:
        raise InputError(f"{path}: {''.join(sentences)}Correct or remove them.")


def _check_any_exists(path: Path, table: pd.DataFrame, names: list[str]) -> None:
    if len(table) and not table["file"].any():
        raise InputError(
            f"{path}: none of its {len(table)} paths leads to a file, such as "
            f"{shown(table['path'][0])}. Paths are relative to the manifest's folder, which also "
            f"holds {shown(names)}. Correct them (upper and lower case matter); or set "
            "`data.source` in params.yaml to the folder that holds the manifest and the images."
        )


def _key(path: str) -> str:
    return listing.normalised(posixpath.normpath(path.replace("\\", "/")))


def _is_below(path: str) -> bool:
    name = _key(path)
    return bool(path) and name[1:2] != ":" and not name.startswith(("/", "..", "~"))
