"""AffectNet: its CSV files, its npy annotations, or copies in folders by its numbers.

The numbers are 0 neutral, 1 happy, 2 sad, 3 surprise, 4 fear, 5 disgust, 6 angry, 7 contempt;
8 none, 9 uncertain and 10 no face are no emotion and left out. The CSV files, training.csv and
validation.csv, have the columns subDirectory_filePath, face_x, face_y, face_width, face_height
(in pixels; below 0 or NULL where no face was found) and expression; the later form has
train_set/images/0.jpg and train_set/annotations/0_exp.npy, and val_set the same.

Source: mohammadmahoor.com/affectnet/ (Mollahosseini, Hasani and Mahoor, IEEE Transactions
on Affective Computing 2017, arXiv:1708.03985).
"""

from pathlib import Path, PurePosixPath

import numpy as np

from algorithm.lib.forms import class_folders
from algorithm.lib.forms.entries import PART_OF, Entry, Folder, Found
from algorithm.lib.forms.manifest import MISSING, Row, box_of, rows_of
from algorithm.lib.labels import Labels
from algorithm.lib.names import in_one_line
from fer_transfer.console.errors import InputError
from fer_transfer.detection.detectors import Box

PHOTO, EXPRESSION = "subDirectory_filePath", "expression"
SIDES = ("face_x", "face_y", "face_width", "face_height")
ANNOTATION = "_exp.npy"
NO_EMOTION = {"8": "none", "9": "uncertain", "10": "no face"}
NO_ANNOTATION = f"it has no annotation (annotations/<name>{ANNOTATION})"
MOST_BYTES = 10_000  # of an annotation, which is one number


def signs(folder: Folder, _: Labels) -> str:
    if tables := _tables(folder):
        return f"AffectNet's columns in {tables[0]}"
    notes = [name for name in folder.files if name.endswith(ANNOTATION)]
    return f"AffectNet's annotations, {notes[0]}" if notes else ""


def read(folder: Folder, labels: Labels) -> Found:
    """Read AffectNet in whichever of its forms the folder has it."""
    tables = _tables(folder)
    notes = {name for name in folder.files if name.endswith(ANNOTATION)}
    if tables and notes:
        raise InputError(
            f"{folder.root} has AffectNet twice: by {tables[0]} and by {min(notes)}. Set "
            "`gather.source` to a folder with one of them."
        )
    if not tables and not notes:
        read_folders = class_folders.read(folder, labels)
        return _without_no_emotion(read_folders)
    found = _by_tables(folder, tables) if tables else _by_notes(folder, notes)
    return _without_no_emotion(found)


def _without_no_emotion(found: Found) -> Found:
    entries, found.entries = found.entries, []
    for entry in entries:
        if meaning := NO_EMOTION.get(entry.label):
            found.drop(entry.photo, f"AffectNet's {entry.label}, {meaning}: no emotion")
        else:
            found.entries.append(entry)
    return found


def _by_tables(folder: Folder, tables: list[str]) -> Found:
    found = Found()
    for table in tables:
        part = next(
            (
                part
                for word, part in PART_OF.items()
                if word in Path(table).stem.lower()
            ),
            "",
        )
        for where, row in rows_of(folder.root / table):
            photo = folder.find(row[PHOTO])
            if photo is None:
                found.drop(row[PHOTO], MISSING)
                continue
            box = _box(row, where)
            found.entries.append(Entry(photo, row[EXPRESSION], box=box, part=part))
    return found


def _box(row: Row, where: str) -> Box | None:
    """Return the box, or None where AffectNet has none: below 0, NULL or no such column."""
    texts = [(row.get(side) or "").strip() for side in SIDES]
    if any(text.upper() == "NULL" or text.startswith("-") for text in texts[2:]):
        return None
    return box_of(row, SIDES, where)


def _by_notes(folder: Folder, notes: set[str]) -> Found:
    found = Found()
    for photo in folder.photos:
        path = PurePosixPath(photo)
        note = str(path.parent.parent / "annotations" / f"{path.stem}{ANNOTATION}")
        if note not in notes:
            found.drop(photo, NO_ANNOTATION)
            continue
        part = PART_OF.get(path.parent.parent.name.lower(), "")
        found.entries.append(Entry(photo, _label(folder.root / note, note), part=part))
    return found


def _label(path: Path, name: str) -> str:
    """Read an annotation: one whole number, or the text of one."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is too large for one number")
        value = np.load(path, allow_pickle=False)
        return str(int(value.item()))
    except (ValueError, TypeError, EOFError, AttributeError) as error:
        raise InputError(
            f"{in_one_line(name)} is not an annotation of AffectNet: expected one whole number "
            f"({' '.join(str(error).split())[:200]}). Take it again from its source."
        ) from None


def _tables(folder: Folder) -> list[str]:
    """Return the CSV files with AffectNet's columns."""
    tables = []
    for name in folder.files:
        if name.lower().endswith(".csv"):
            with (folder.root / name).open(
                encoding="utf-8-sig", errors="replace"
            ) as file:
                head = {column.strip() for column in file.readline(1000).split(",")}
            if head.issuperset((PHOTO, EXPRESSION)):
                tables.append(name)
    return tables
