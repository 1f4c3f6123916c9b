"""Find the face of each labelled image file, and frame it as FER2013 frames its own.

Reads   data/raw/                  the source as downloaded
Params  data.layout, data.detector, data.convert
Writes  data/detected/images.npy   the faces that were taken, (M, 48, 48) uint8, grey
        data/detected/faces.csv    a row per labelled file: the columns of data/faces/faces.csv, the
                                   label as the source spells it; status, reason, faces (how many
                                   there are), score (of the detector), converted (yes, or empty)
        data/detected/dropped.csv  file, reason: what has no label
Source  the paper, section 6; fer_transfer/detection has the detectors and the framing

All three are empty where the source holds its faces in one file, as FER2013's does. Grey images of
48x48 pixels are taken as they are. Where a photo shows several faces, the label is taken for the
largest if it is so by far; else the photo is left out. What was found is kept in .ckpt/, so a run
that was killed goes on where it was, and photos that are added later are the only ones read again.
"""

import base64
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data.faces import COLUMNS, IMAGE_SIZE
from fer_transfer.detection.detectors import Box, find_detector
from fer_transfer.detection.journal import Journal
from fer_transfer.detection.labelled_face import TAKEN, TO_CONVERT, Face, read_face
from fer_transfer.readers import detected
from fer_transfer.readers.listing import Dropped, Listing
from fer_transfer.readers.sources import detect_layout, list_images
from fer_transfer.settings.settings import Data, load_settings

logger = logging.getLogger(__name__)

RAW = Path("data/raw")
STATE = Path(".ckpt/detect")
BOX = ("left", "top", "width", "height")


def find_faces(table: pd.DataFrame, root: Path, data: Data) -> list[Face]:
    """Find the face of each row of a listing; what an earlier run has found is kept."""
    detector = None if data.detector == "none" else find_detector(data.detector)
    STATE.mkdir(parents=True, exist_ok=True)
    key = state_key({"detector": data.detector, "convert": data.convert}, [])
    faces = []
    with Journal(STATE, key) as journal, Progress(len(table), "image") as progress:
        for row in table.to_dict("records"):
            path = root / row["file"]
            place = f"{files.digest(path, 'sha256')} {path.suffix} {_box_text(row)}"
            record = journal.find(place)
            if record is None:
                box = Box(*(float(row[side]) for side in BOX)) if row["left"] else None
                face = read_face(path, box, detector, convert=data.convert)
                record = as_record(place, face)
                journal.add(record)
            faces.append(as_face(record))
            progress.update(1)
    return faces


def as_record(place: str, face: Face) -> dict[str, Any]:
    """Return a face as a record of the journal."""
    pixels = b"" if face.image is None else face.image.tobytes()
    image = base64.b64encode(pixels).decode()
    return face._asdict() | {"file": place, "image": image}


def as_face(record: dict[str, Any]) -> Face:
    """Return what `as_record` recorded."""
    values = {key: value for key, value in record.items() if key != "file"}
    pixels = np.frombuffer(base64.b64decode(values["image"]), dtype=np.uint8)
    values["image"] = pixels.reshape(IMAGE_SIZE, IMAGE_SIZE) if len(pixels) else None
    values["box"] = Box(*values["box"]) if values["box"] else None
    return Face(**values)


def write(listing: Listing, faces: list[Face], folder: Path = detected.FOLDER) -> None:
    """Write the faces that were taken, and what became of each file."""
    images = [face.image for face in faces if face.image is not None]
    empty = np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), dtype=np.uint8)
    files.write_npy(folder / "images.npy", np.stack(images) if images else empty)
    table = listing.table[list(COLUMNS)].copy()
    for number, side in enumerate(BOX):
        table[side] = [f"{face.box[number]:.1f}" if face.box else "" for face in faces]
    table["status"] = [face.status for face in faces]
    table["reason"] = [face.reason for face in faces]
    table["faces"] = [face.num_faces for face in faces]
    table["score"] = [f"{face.score:.4f}" if face.score else "" for face in faces]
    table["converted"] = ["yes" if face.is_converted else "" for face in faces]
    files.write_csv(folder / "faces.csv", table)
    dropped = pd.DataFrame(listing.dropped, columns=Dropped._fields)
    files.write_csv(folder / "dropped.csv", dropped)


def check_convertible(table: pd.DataFrame, faces: list[Face]) -> None:
    """Raise an InputError for images that are not faces of FER2013's size and may not become so."""
    others = [
        f"{file} ({face.reason})"
        for file, face in zip(table["file"], faces, strict=True)
        if face.status == TO_CONVERT
    ]
    if others:
        raise InputError(
            f"{len(others)} of {len(faces)} images are not grey and {IMAGE_SIZE}x{IMAGE_SIZE}, "
            f"such as {', '.join(others[:3])}. If they are faces already, set `data.convert: "
            "true` in params.yaml to make them so; if they are photos, `data.detector: "
            "centerface` to look for the faces in them."
        )


def _box_text(row: dict[Any, str]) -> str:
    return " ".join(row[side] for side in BOX).strip()


def main() -> None:
    data = load_settings().data
    source = detect_layout(RAW, data.layout)
    listing = list_images(source)
    faces: list[Face] = []
    if len(listing.table):
        faces = find_faces(listing.table, source.folder, data)
        check_convertible(listing.table, faces)
    write(listing, faces)
    taken = sum(face.status == TAKEN for face in faces)
    logger.info("%s: %d faces in %d images.", source.layout, taken, len(faces))


if __name__ == "__main__":
    command.run(main)
