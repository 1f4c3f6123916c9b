"""The results as files: faces.csv, files.csv and faces.jsonl, each written whole."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fer_transfer.core import files

Record = dict[str, Any]
Records = Callable[[], Iterator[Record]]  # from the first on, each time it is called


def write_faces(path: Path, records: Iterable[Record], classes: Iterable[str]) -> None:
    """Write a row per face: where it is, what it shows, and the probability of each emotion."""
    classes = list(classes)
    head = [
        "file",
        "face",
        "left",
        "top",
        "width",
        "height",
        "score",
        "tilt",
        "emotion",
        *classes,
    ]
    rows = (
        [
            record["file"],
            number,
            *face["box"],
            "" if face["score"] is None else face["score"],
            face["tilt"],
            face["emotion"],
            *(face["probabilities"][name] for name in classes),
        ]
        for record, number, face in _faces(records)
    )
    write_rows(path, head, rows)


def write_files(path: Path, records: Iterable[Record]) -> None:
    """Write a row per input."""
    head = ["file", "status", "faces", "reason", "width", "height", "picture"]
    rows = (
        [
            record["file"],
            record["status"],
            len(record["faces"]),
            record["reason"],
            record["width"],
            record["height"],
            record["picture"],
        ]
        for record in records
    )
    write_rows(path, head, rows)


def write_jsonl(path: Path, records: Iterable[Record]) -> None:
    """Write an object per face."""
    with files.atomic_write(path) as part, part.open("w", encoding="utf-8") as file:
        for record, number, face in _faces(records):
            said = {key: value for key, value in face.items() if key != "crop"}
            file.write(
                json.dumps({"file": record["file"], "face": number, **said}) + "\n"
            )


def _faces(records: Iterable[Record]) -> Iterator[tuple[Record, int, dict[str, Any]]]:
    for record in records:
        for number, face in enumerate(record["faces"], start=1):
            yield record, number, face


def write_rows(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a table as CSV (RFC 4180), whole or not at all."""
    with (
        files.atomic_write(path) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        # Of a cell's characters, csv quotes those that end rows: both must be among them.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(head)
        writer.writerows(rows)
