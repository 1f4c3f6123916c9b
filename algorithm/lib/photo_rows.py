"""From a row of photos.csv to its face, as a record that an unfinished run keeps."""

import base64
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from algorithm.lib import tables
from algorithm.lib.face_of import Face, face_of
from algorithm.lib.names import in_one_line
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import IMAGE_SIZE
from fer_transfer.detection import photos
from fer_transfer.detection.detectors import Box, Detector
from fer_transfer.detection.status import Rejected, Status

SIDES = ("left", "top", "width", "height")
FAILED = {status.value for status in Status if status.failed}


class Row(NamedTuple):
    """A row of photos.csv."""

    photo: str
    label: str
    group: str
    part: str
    box: Box | None
    sha256: str


def read_rows(path: Path) -> list[Row]:
    """Read photos.csv as gather wrote it."""
    return [
        Row(
            row["photo"],
            row["label"],
            row["group"],
            row["part"],
            Box(*(float(row[side]) for side in SIDES)) if row["left"] else None,
            row["sha256"],
        )
        for row in tables.read_rows(path)
    ]


def find_face(row: Row, root: Path, detector: Detector | None) -> Face:
    """Read a photo and find its labelled face; one that cannot be read says why.

    Raises:
        InputError: If the file is not the one that was gathered.
    """
    path = root / row.photo
    try:
        photo = photos.read_photo(path)
        if files.digest(path, "sha256") != row.sha256:
            raise InputError(
                f"{in_one_line(path)} has changed since it was gathered. Run `dvc repro algorithm/dvc.yaml` "
                "again, which gathers it anew."
            )
        face = face_of(photo.pixels, row.box, detector)
    except Rejected as rejected:
        return Face(rejected.status.value, rejected.reason)
    except MemoryError:
        reason = "there is not enough memory for it: make it smaller"
        return Face(Status.TOO_LARGE.value, reason)
    return face._replace(reason="; ".join(filter(None, (face.reason, photo.note))))


def as_record(number: int, face: Face) -> dict[str, Any]:
    """Return a face as a record of the journal; `file` is the row's number."""
    pixels = b"" if face.image is None else face.image.tobytes()
    return face._asdict() | {
        "file": str(number),
        "image": base64.b64encode(pixels).decode(),
    }


def as_face(record: dict[str, Any]) -> Face:
    """Return what `as_record` recorded."""
    values = {key: value for key, value in record.items() if key != "file"}
    pixels = np.frombuffer(base64.b64decode(values["image"]), dtype=np.uint8)
    values["image"] = pixels.reshape(IMAGE_SIZE, IMAGE_SIZE) if len(pixels) else None
    values["box"] = Box(*values["box"]) if values["box"] else None
    return Face(**values)
