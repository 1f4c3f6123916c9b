"""The record of one input, which the journal keeps and the results are made of."""

import base64
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.data.faces import IMAGE_SIZE
from fer_transfer.detection import photos
from fer_transfer.detection.boxes import Box
from fer_transfer.detection.inputs import Input, identity
from fer_transfer.detection.status import NO_MEMORY, Rejected, Status
from fer_transfer.recognise import pictures
from fer_transfer.recognise.face import Face
from fer_transfer.recognise.recogniser import Recogniser

Record = dict[str, Any]


def make_record(entry: Input, read: Callable[..., Record], *arguments: Any) -> Record:
    """Return an input's record: what reading it gives, or why it cannot be read.

    Args:
        entry: The input.
        read: Returns what differs from the record of an input without faces.
        *arguments: Of `read`, after the input.

    Returns:
        file, identity, status, reason, width, height, picture: file name, frames: of a video that
        the journal holds, faces: see `from_faces`.
    """
    record: Record = {"file": entry.shown, "identity": identity(entry.path)}
    record |= {"reason": "", "width": None, "height": None, "picture": ""}
    record |= {"frames": 0, "faces": []}
    try:
        if entry.rejected:
            raise entry.rejected
        record |= read(entry, *arguments)
    except Rejected as rejected:
        return record | {"status": rejected.status, "reason": rejected.reason}
    except MemoryError:
        return record | {"status": Status.TOO_LARGE, "reason": NO_MEMORY}
    return record | {"status": Status.FACES if record["faces"] else Status.NO_FACE}


def read_photo(entry: Input, recogniser: Recogniser, folder: Path | None) -> Record:
    """Recognise the faces of a photo; draw them into the folder, if there is one.

    Raises:
        Rejected: If it cannot be read.
    """
    faces = recogniser.faces(*photos.read_photo(Path(entry.path), named=entry.named))
    height, width = faces.pixels.shape[:2]
    picture = ""
    if faces and folder:
        folder.mkdir(exist_ok=True)
        picture = pictures.name_for(entry.path)
        faces.draw().save(folder / picture, quality=85)
    record = {"reason": faces.note, "width": width, "height": height}
    return record | {"picture": picture, "faces": from_faces(faces)}


def from_faces(faces: Iterable[Face]) -> list[Record]:
    """Return faces as JSON can hold them: their fields, the crop in base64."""
    return [
        vars(face) | {"crop": base64.b64encode(face.crop.tobytes()).decode()}
        for face in faces
    ]


def to_faces(stored: Iterable[Record]) -> list[Face]:
    """Return the faces that `from_faces` gave."""
    faces = []
    for fields in stored:
        crop = np.frombuffer(base64.b64decode(fields["crop"]), np.uint8)
        own = {"box": Box(*fields["box"]), "crop": crop.reshape(IMAGE_SIZE, IMAGE_SIZE)}
        faces.append(Face(**fields | own))
    return faces
