"""Find the face of each labelled image file, and frame it as FER2013 frames its own.

Reads   data/raw/                  the source as downloaded
Params  data.layout, data.detector, data.convert
Writes  data/detected/images.npy   the faces that were taken, (M, 48, 48) uint8, grey
        data/detected/faces.csv    a row per labelled face: the columns of data/faces/faces.csv, the
                                   label as the source spells it; status, reason
        data/detected/dropped.csv  file, reason: without a label, or not read
Source  the paper, section 6; fer_transfer/detection has the detectors and the framing

The first two are empty where one file holds all faces, as FER2013's does; dropped.csv then lists
the other files. Grey images of 48x48 pixels are taken as they are. Where a photo shows several
faces, the label belongs to the largest if it is clearly larger than the others; otherwise the photo
is left out. What was found is kept in .ckpt/, so a run that was killed goes on where it was, and
photos that are added later are the only ones read again.
"""

import base64
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data.faces import IMAGE_SIZE
from fer_transfer.detection import centerface
from fer_transfer.detection.boxes import Box
from fer_transfer.detection.journal import Journal
from fer_transfer.detection.labelled_face import TO_CONVERT, Face, read_face
from fer_transfer.detection.status import Status
from fer_transfer.readers import detected
from fer_transfer.readers.listing import Dropped
from fer_transfer.readers.sources import detect_layout, list_images
from fer_transfer.settings.settings import Data, load_settings

logger = logging.getLogger(__name__)

RAW = Path("data/raw")
STATE = Path(".ckpt/detect")
FOUND = (*Box._fields, "status", "reason", "image")


def find_faces(table: pd.DataFrame, root: Path, data: Data) -> pd.DataFrame:
    """Find the face of each row of a listing; what an earlier run has found is kept.

    Returns:
        A row per row of the listing, as `as_row` gives it.
    """
    if table.empty:
        return pd.DataFrame(columns=FOUND)
    STATE.mkdir(parents=True, exist_ok=True)
    settings = {"detector": data.detector, "convert": data.convert}
    key = state_key(settings, [centerface.FILE])
    rows = []
    with Journal(STATE, key) as journal, Progress(len(table), "image") as progress:
        for row in table.to_dict("records"):
            path, sides = root / row["file"], [row[side] for side in Box._fields]
            place = " ".join([files.digest(path, "sha256"), path.suffix, *sides])
            record = journal.find(place)
            if record is None:
                box = Box(*map(float, sides)) if row["left"] else None
                face = read_face(path, box, data.detector, convert=data.convert)
                record = {"file": place, **as_row(face)}
                # A package may be installed, and memory be free, next time.
                if face.status not in (Status.NEEDS_PACKAGE, Status.TOO_LARGE):
                    journal.add(record)
            rows.append(record)
            progress.update(1)
    return pd.DataFrame(rows, columns=FOUND)


def as_row(face: Face) -> dict[str, str]:
    """Return what faces.csv says of a face, and its pixels in base64."""
    box = [f"{side:.1f}" for side in face.box] if face.box else [""] * len(Box._fields)
    pixels = b"" if face.image is None else face.image.tobytes()
    return {
        **dict(zip(Box._fields, box, strict=True)),
        "status": face.status,
        "reason": face.reason,
        "image": base64.b64encode(pixels).decode(),
    }


def check_convertible(table: pd.DataFrame) -> None:
    """Raise an InputError for images that are not faces of FER2013's size and may not become so."""
    others = table[table["status"] == TO_CONVERT]
    if len(others):
        examples = (others["file"] + " (" + others["reason"] + ")").head(3)
        raise InputError(
            f"{len(others)} of {len(table)} images are not grey and {IMAGE_SIZE}x{IMAGE_SIZE}, "
            f"such as {', '.join(examples)}. If they are faces already, set `data.convert: "
            "true` in params.yaml to convert them; if they are photos, `data.detector: "
            "centerface` to look for the faces in them."
        )


def write(table: pd.DataFrame, dropped: list[Dropped]) -> None:
    """Write the faces that were taken, and what became of each file."""
    # Whole, as 48 x 48 bytes in base64 need no padding.
    pixels = np.frombuffer(base64.b64decode("".join(table["image"])), dtype=np.uint8)
    images = pixels.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    files.write_npy(detected.FOLDER / "images.npy", images)
    files.write_csv(detected.FOLDER / "faces.csv", table.drop(columns="image"))
    reasons = pd.DataFrame(dropped, columns=Dropped._fields)
    files.write_csv(detected.FOLDER / "dropped.csv", reasons)


def main() -> None:
    data = load_settings().data
    source = detect_layout(RAW, data.layout)
    listing = list_images(source, RAW)
    folder = source.path if source.path.is_dir() else source.path.parent
    faces = find_faces(listing.table, folder, data)
    table = listing.table.drop(columns=list(Box._fields)).join(faces)
    check_convertible(table)
    write(table, listing.dropped)
    if len(table):
        taken = (table["status"] == detected.Outcome.TAKEN).sum()
        logger.info("%s: %d faces in %d images.", source.layout, taken, len(table))


if __name__ == "__main__":
    command.run(main)
