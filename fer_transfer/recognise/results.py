"""The folder of results: nothing in it is replaced before its successor is complete.

A run writes into a folder of its own inside it. When everything is done, the files take the places
of the earlier run's.
"""

import csv
import json
import shutil
from pathlib import Path
from typing import Any, TextIO

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.detection.inputs import RESULTS, UNFINISHED
from fer_transfer.recognise.face import COLUMNS, columns
from fer_transfer.recognise.videos import Run

FACES, FILES, LINES = RESULTS
PAGE, SCORES, PICTURES = "index.html", "scores.json", "pictures"
FILE_COLUMNS = ("file", "status", "faces", "reason", "width", "height", "picture")


def claim(folder: Path) -> Path:
    """Make the folder, or check that it holds only results; return where a run writes.

    Raises:
        InputError: If it holds files that no run has written.
    """
    if folder.is_file():
        raise InputError(f"--out names {folder}, which is a file. Give a folder.")
    held = {path.name for path in folder.glob("*")}
    if held and UNFINISHED not in held and not held.issuperset(RESULTS):
        raise InputError(
            f"--out names {folder}, which holds other files ({min(held)}, ...). Give an "
            "empty folder, or one that does not exist yet."
        )
    unfinished = folder / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    return unfinished


def write(folder: Path, run: Run, scores: dict[str, Any] | None) -> None:
    """Write the scores, if any; a row per input; each face as a row, and as an object."""
    if scores:
        files.write_json(folder / SCORES, scores)
    with (
        _open(folder / FILES) as inputs,
        _open(folder / FACES) as table,
        (folder / LINES).open("w", encoding="utf-8") as lines,
    ):
        per_input = csv.DictWriter(inputs, FILE_COLUMNS, extrasaction="ignore")
        per_input.writeheader()
        per_face = csv.writer(table)
        per_face.writerow(["file", "time", *columns(run.recogniser.classes)])
        for record in run.records():
            per_input.writerow(record | {"faces": len(record["faces"])})
            for time, faces in run.frames(record):
                for face in faces:
                    values = [record["file"], time, *face.values]
                    per_face.writerow([*values, *face.probabilities.values()])
                    named = dict(zip(("file", "time", *COLUMNS), values, strict=True))
                    named["probabilities"] = face.probabilities
                    lines.write(json.dumps(named) + "\n")


def _open(path: Path) -> TextIO:
    """Open a CSV file; the byte order mark tells Excel that it is UTF-8."""
    return path.open("w", encoding="utf-8-sig", newline="")


def publish(unfinished: Path) -> None:
    """Put a complete run's files in the place of the earlier run's; files.csv comes last."""
    folder = unfinished.parent
    pictures = _pictures(unfinished / FILES)
    for name in _pictures(folder / FILES) - pictures:
        (folder / PICTURES / name).unlink(missing_ok=True)
    for name in pictures:  # an unfinished run may have been asked for more
        (folder / PICTURES).mkdir(exist_ok=True)
        (unfinished / PICTURES / name).replace(folder / PICTURES / name)
    for name in (FACES, LINES, PAGE, SCORES, FILES):
        if (unfinished / name).exists():
            (unfinished / name).replace(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(unfinished)


def _pictures(table: Path) -> set[str]:
    """Return the pictures that a files.csv names: those of a run, and nobody else's."""
    if not table.exists():
        return set()
    # A spreadsheet may have saved it in another form.
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.DictReader(lines)
        return {Path(row.get("picture") or "").name for row in rows} - {""}
