"""The results as tables: faces.csv, files.csv and faces.jsonl, each written whole."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_transfer.core import files

if TYPE_CHECKING:
    from fer_transfer.recognise.recogniser import Face

Record = dict[str, Any]
Row = list[Any]  # of a face: the values of `columns`
Records = Callable[[], Iterator[Record]]  # from the first on, each time it is called

FILE_COLUMNS = ["file", "status", "faces", "reason", "width", "height", "picture"]


def columns(classes: Iterable[str]) -> list[str]:
    """Name a face's columns; a class may be called whatever it likes.

    >>> columns(["unsure"])[8:]
    ['probability', 'unsure', 'p_unsure']
    """
    box = ["left", "top", "width", "height"]
    face = ["face", *box, "score", "tilt", "emotion", "probability", "unsure"]
    return face + [f"p_{name}" for name in classes]


def values(face: "Face") -> Row:
    """Return what stands in the columns of a face."""
    return [
        *(face.number, *face.box, face.score, face.tilt),
        *(face.emotion, face.probability, face.unsure),
        *face.probabilities.values(),
    ]


def write_faces(path: Path, records: Iterable[Record], classes: Iterable[str]) -> None:
    """Write a row per face: where it is, what it shows, and the probability of each emotion."""
    head = ["file", "time", *columns(classes)]
    rows = (
        [record["file"], record["time"], *row]
        for record in records
        for row in record["faces"]
    )
    write_rows(path, head, rows)


def write_files(path: Path, records: Iterable[Record]) -> None:
    """Write a row per input."""
    rows = (
        [len(record[key]) if key == "faces" else record[key] for key in FILE_COLUMNS]
        for record in records
    )
    write_rows(path, FILE_COLUMNS, rows)


def write_jsonl(path: Path, records: Iterable[Record], classes: Iterable[str]) -> None:
    """Write an object per face."""
    classes = list(classes)
    head = columns([])
    with files.atomic_write(path) as part, part.open("w", encoding="utf-8") as file:
        for record in records:
            for row in record["faces"]:
                face = dict(zip(head, row[: len(head)], strict=True))
                shares = dict(zip(classes, row[len(head) :], strict=True))
                place = {"file": record["file"], "time": record["time"]}
                line = place | face | {"probabilities": shares}
                file.write(json.dumps(line) + "\n")


def write_rows(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a table as CSV (RFC 4180), whole or not at all.

    The byte order mark tells Excel that it is UTF-8.
    """
    with (
        files.atomic_write(path) as part,
        part.open("w", encoding="utf-8-sig", newline="") as file,
    ):
        # Of a cell's characters, csv quotes those that end rows: both must be among them.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(head)
        writer.writerows(rows)
