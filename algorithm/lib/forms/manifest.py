"""A manifest: a CSV file with the columns path and label, and more where they are known.

    path,label,group,left,top,width,height,part
    holiday/anna.jpg,happy,anna,120,80,64,64,train

`group` is the person, the box is in pixels of the photo as it is displayed, and `part` is train,
val or test. Paths are relative to the manifest's folder.
"""

import csv
import math
import posixpath
from collections.abc import Iterator
from pathlib import Path

from algorithm.lib.forms.entries import PART_OF, Entry, Folder, Found
from algorithm.lib.names import in_one_line
from algorithm.lib.settings import PATH
from fer_transfer.console.errors import InputError
from fer_transfer.detection.detectors import Box

NEEDED = ("path", "label")
SIDES = ("left", "top", "width", "height")
KNOWN = (*NEEDED, "group", *SIDES, "part")
DELIMITERS = ",;\t"
MISSING = "the list names it, but there is no such file"

Row = dict[str, str]


def find(folder: Folder) -> list[str]:
    """Return the CSV files at the top of a folder that are manifests."""
    top = [name for name in folder.files if "/" not in name]
    csv_files = [name for name in top if name.lower().endswith((".csv", ".tsv"))]
    return [name for name in csv_files if _delimiter(folder.root / name)]


def read(path: Path) -> Found:
    """Read a manifest.

    Raises:
        InputError: If it is no such CSV file, or a row is at fault; it names the line.
    """
    found = Found()
    for where, row in _rows(path):
        photo = _photo(row["path"], where)
        entry = Entry(
            photo,
            row["label"].strip(),
            (row.get("group") or "").strip(),
            box_of(row, SIDES, where),
            _part(row.get("part") or "", where),
        )
        if not entry.label:
            raise InputError(
                f"{where}: the label is empty. Fill it in, or remove the line."
            )
        if (path.parent / photo).is_file():
            found.entries.append(entry)
        else:
            found.drop(photo, MISSING)
    return found


def box_of(row: Row, sides: tuple[str, ...], where: str) -> Box | None:
    """Return the box of a row, or None where its four columns are empty or not there.

    Raises:
        InputError: If they are no numbers, or the box has no area.
    """
    texts = [(row.get(side) or "").strip() for side in sides]
    if not any(texts):
        return None
    try:
        box = Box(*map(float, texts))
        if not (all(map(math.isfinite, box)) and box.width > 0 and box.height > 0):
            raise ValueError
    except ValueError:
        raise InputError(
            f"{where}: the box must be four numbers, {', '.join(sides)}, in pixels, with a width "
            f"and height above 0. Got {', '.join(map(repr, texts))} instead. Correct them, or "
            "leave all four empty: the face is then looked for."
        ) from None
    return box


def rows_of(path: Path, delimiter: str = ",") -> Iterator[tuple[str, Row]]:
    """Yield where each row of a CSV file ends, for errors, and the row by column.

    Raises:
        InputError: If it is no CSV file in UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, strict=True)
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            for row in reader:
                where = f"{path.name}, line {reader.line_num}"
                if None in row or None in row.values():
                    raise InputError(
                        f"{where}: expected {len(reader.fieldnames)} values, one for each of "
                        f"{in_one_line(', '.join(reader.fieldnames))}. Write values that hold a "
                        f"`{delimiter}` in double quotes."
                    )
                yield where, row
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not in UTF-8 ({error.reason} at byte {error.start}). Save it as CSV UTF-8."
        ) from None
    except csv.Error as error:
        raise InputError(
            f"{path} is no CSV file that can be read, about line {reader.line_num}: {error}. "
            "Correct the line: a value with a quote or a line end stands in double quotes."
        ) from None


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    delimiter = _delimiter(path)
    if not delimiter:
        raise InputError(
            f"{path} is no manifest: its first line must name the columns path and label, and "
            f"may name {', '.join(KNOWN[2:])}. Write that line, or set `gather.form` in {PATH}."
        )
    for where, row in rows_of(path, delimiter):
        for name in row:
            if name not in KNOWN:
                raise InputError(
                    f"{path}: the column `{in_one_line(name)}` is not known. Expected {', '.join(KNOWN)}. "
                    "Rename or remove it."
                )
        yield where, row


def _delimiter(path: Path) -> str:
    """Return what separates the columns, or nothing if the first line names none."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.readline(1000)
    for delimiter in DELIMITERS:
        names = {name.strip().strip('"') for name in head.split(delimiter)}
        if names.issuperset(NEEDED):
            return delimiter
    return ""


def _photo(path: str, where: str) -> str:
    photo = posixpath.normpath(path)
    if not path.strip() or posixpath.isabs(photo) or photo.startswith(".."):
        raise InputError(
            f"{where}: the path {path!r} must lead to a file below the manifest's folder, from "
            "there on. Write it so, or move the manifest above the photos."
        )
    if "\0" in photo:
        raise InputError(f"{where}: the path {path!r} holds a zero byte. Correct it.")
    return photo


def _part(word: str, where: str) -> str:
    if word.strip() and word.strip().lower() not in PART_OF:
        raise InputError(
            f"{where}: the part must be train, val, test or empty. Got {word!r} instead."
        )
    return PART_OF.get(word.strip().lower(), "")
