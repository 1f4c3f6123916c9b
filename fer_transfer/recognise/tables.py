"""The tables of a run: faces.csv and faces.jsonl, a row per face, and files.csv."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from fer_transfer.detection.boxes import Box
from fer_transfer.recognise.face import Face

# A class may be called whatever it likes: its probability is the column p_<class>.
FACE_COLUMNS = (
    *("face", *Box._fields, "score", "tilt", "emotion", "probability", "unsure"),
)
FILE_COLUMNS = ("file", "status", "faces", "reason", "width", "height", "picture")

Frame = tuple[str, float | None, list[Face]]  # file; seconds, None of a photo; faces


def columns(classes: Iterable[str]) -> list[str]:
    """Name the columns of `values` and the probabilities after them."""
    return [*FACE_COLUMNS, *(f"p_{name}" for name in classes)]


def values(face: Face) -> list[Any]:
    """Return what FACE_COLUMNS hold of a face."""
    place = [face.number, *face.box, face.score, face.tilt]
    return [*place, face.emotion, face.probability, face.unsure]


def write_faces(
    table: Path, lines: Path, frames: Iterable[Frame], classes: Iterable[str]
) -> None:
    """Write each face twice: as a row of a CSV, and as an object per line."""
    with _open(table) as rows, lines.open("w", encoding="utf-8") as objects:
        writer = csv.writer(rows)
        writer.writerow(["file", "time", *columns(classes)])
        for file, time, faces in frames:
            for face in faces:
                row = [file, time, *values(face)]
                writer.writerow([*row, *face.probabilities.values()])
                named = dict(zip(("file", "time", *FACE_COLUMNS), row, strict=True))
                named["probabilities"] = face.probabilities
                objects.write(json.dumps(named) + "\n")


def write_files(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write a row per input."""
    with _open(path) as file:
        writer = csv.DictWriter(file, FILE_COLUMNS, extrasaction="ignore")
        writer.writeheader()
        for record in records:
            writer.writerow(record | {"faces": len(record["faces"])})


def _open(path: Path) -> TextIO:
    """Open a CSV file; the byte order mark tells Excel that it is UTF-8."""
    return path.open("w", encoding="utf-8-sig", newline="")
