"""One input, from its file to the record that the journal keeps and the results are made of."""

import base64
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from fer_transfer.core import files
from fer_transfer.detection import photos
from fer_transfer.detection.boxes import Box
from fer_transfer.detection.inputs import Input, identity
from fer_transfer.detection.status import Rejected, Status
from fer_transfer.recognise import pictures, tables
from fer_transfer.recognise.recogniser import Face, Faces, Recogniser
from fer_transfer.recognise.tables import Record


def make_record(entry: Input, recogniser: Recogniser, folder: Path | None) -> Record:
    """Recognise the faces of an input; what cannot be read gets a status and the reason.

    Args:
        entry: The input.
        recogniser: What finds and recognises the faces.
        folder: Where the photo with boxes goes; None for no picture.

    Returns:
        file, time: None, identity, status, reason, width, height, picture: file name, parts: 0,
        faces: for each the values of tables.columns, crops: for each the address of a PNG.
    """
    before = identity(entry.path)
    try:
        if entry.rejected:
            raise entry.rejected
        photo = photos.read_photo(Path(entry.path), named=entry.named)
        faces = recogniser.faces(*photo)
    except Rejected as rejected:
        return new_record(entry, before, rejected.status, rejected.reason)
    except MemoryError:
        reason = "there is not enough memory for it: make it smaller"
        return new_record(entry, before, Status.TOO_LARGE, reason)
    status = Status.FACES if faces else Status.NO_FACE
    record = new_record(entry, before, status, faces.note)
    record["height"], record["width"] = faces.pixels.shape[:2]
    if faces and folder:
        record["picture"] = pictures.name_for(entry.path)
        _write_picture(folder / record["picture"], faces)
    return record | from_faces(faces)


def from_faces(faces: Iterable[Face]) -> Record:
    """Return the part of a record that holds faces."""
    pairs = [(tables.values(face), png_address(face.crop)) for face in faces]
    return {"faces": [row for row, _ in pairs], "crops": [crop for _, crop in pairs]}


def to_faces(record: Record, classes: Iterable[str]) -> list[Face]:
    """Return the faces that a record holds."""
    size = len(tables.columns([]))
    faces = []
    for row, address in zip(record["faces"], record["crops"], strict=True):
        number, *box, score, tilt, _, _, unsure = row[:size]
        probabilities = dict(zip(classes, row[size:], strict=True))
        crop = _decoded(address)
        face = Face(number, Box(*box), score, tilt, probabilities, unsure, crop)
        faces.append(face)
    return faces


def new_record(entry: Input, before: list[int], status: Status, reason: str) -> Record:
    """Return the record of an input without faces."""
    return {
        "file": entry.shown,
        "time": None,
        "identity": before,
        "status": status.value,
        "reason": reason,
        "width": None,
        "height": None,
        "picture": "",
        "parts": 0,
        "faces": [],
        "crops": [],
    }


def _write_picture(path: Path, faces: Faces) -> None:
    with files.atomic_write(path) as part:
        faces.draw().save(part, format="JPEG", quality=85)


def png_address(crop: np.ndarray) -> str:
    """Return a crop (48, 48) as the address of a PNG that holds it."""
    return pictures.address(Image.fromarray(crop), "png")


def _decoded(address: str) -> np.ndarray:
    png = base64.b64decode(address.partition(",")[2])
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)
