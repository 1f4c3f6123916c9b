"""Find the face of each labelled photo and frame it as FER2013 frames its own.

Reads   data/algorithm/photos.csv, and the photos that it names
Params  gather.source, faces
Writes  data/algorithm/faces.npz      images (F, 48, 48) uint8, grey; labels (F,) uint8, positions
                                      in classes.json
        data/algorithm/faces.csv      a row per face, in that order: face (its row, from 0), photo,
                                      label, group, part, left, top, width, height (in pixels of the
                                      displayed photo), score (of the detector; empty without one)
        data/algorithm/files.csv      a row per row of photos.csv: photo, label, status, faces (how
                                      many were found), reason
        data/algorithm/classes.json   the names of the classes
        metrics/algorithm/faces.json  numbers of photos and faces, per status and per class
Source  the paper, section 6; fer_transfer/detection has the detectors and the framing

Where a photo has several faces, the label is taken for the largest only if it is so by far; else
the photo is left out. A run that was killed goes on where it was. The images of all faces are in
memory at the end (2.3 kB each), of photos never more than one.
"""

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from algorithm.gather import PHOTOS, root_of
from algorithm.lib import photo_rows, tables
from algorithm.lib.face_of import OK, Face
from algorithm.lib.forms import study
from algorithm.lib.labels import in_order
from algorithm.lib.photo_rows import SIDES, Row
from algorithm.lib.settings import Faces, load_faces, load_gather
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from fer_transfer.core import files
from fer_transfer.core import journal as journals
from fer_transfer.core.journal import Journal
from fer_transfer.core.state import state_key
from fer_transfer.data.fer2013 import IMAGE_SIZE
from fer_transfer.detection.detectors import DETECTORS, Box

logger = logging.getLogger(__name__)

OUT = Path("data/algorithm")
METRICS = Path("metrics/algorithm/faces.json")
STATE = Path(".ckpt/algorithm-faces")
CODE = (Path(__file__).parent, Path(__file__).parents[1] / "fer_transfer/detection")
WHOLE = Box(0, 0, IMAGE_SIZE, IMAGE_SIZE)

FACES_HEAD = ("face", "photo", "label", "group", "part", *SIDES, "score")
FILES_HEAD = ("photo", "label", "status", "faces", "reason")


def of_the_study(rows: list[Row]) -> list[Face]:
    """Take the study's images as they are: they are faces, and no detector sees them."""
    pixels = files.read_npz(study.IMAGES)["pixels"]
    return [
        Face(OK, "taken whole, as FER2013's", 1, WHOLE, None, pixels[int(row.photo)])
        for row in rows
    ]


def of_photos(rows: list[Row], root: Path, settings: Faces, key: str) -> list[Face]:
    """Find the face of each row; what an unfinished run has found is kept."""
    detector = DETECTORS.get(settings.detector)
    STATE.mkdir(parents=True, exist_ok=True)
    with Journal(STATE, key) as journal:
        done = {number for number in range(len(rows)) if _is_done(number, journal)}
        with Progress(len(rows), "photo", len(done)) as progress:
            for number in sorted(set(range(len(rows))) - done):
                face = photo_rows.find_face(rows[number], root, detector)
                journal.add(photo_rows.as_record(number, face))
                progress.update(1)
        records = journal.records([str(number) for number in range(len(rows))])
        return [photo_rows.as_face(record) for record in records]


def _is_done(number: int, journal: Journal) -> bool:
    """Return whether a row has a record; files that could not be read are tried again."""
    record = journal.find(str(number))
    return record is not None and record["status"] not in photo_rows.FAILED


def run_key(settings: Faces, source: str) -> str:
    """Return what changes when any face may: settings, photos and code."""
    code = sorted(path for folder in CODE for path in folder.rglob("*.py"))
    values = {"detector": settings.detector, "source": source}
    return state_key(values, [PHOTOS, *code])


def write(rows: list[Row], faces: list[Face]) -> dict[str, Any]:
    """Write the results, each whole; return what was counted.

    Raises:
        InputError: If no photo has a face.
    """
    counts = Counter(face.status for face in faces)
    tables.write_rows(OUT / "files.csv", FILES_HEAD, map(_file_row, rows, faces))
    taken = [pair for pair in zip(rows, faces, strict=True) if pair[1].status == OK]
    if not taken:
        why = ", ".join(f"{number} {status}" for status, number in counts.most_common())
        raise InputError(
            f"No face was taken from {len(rows)} photos: {why}. {OUT / 'files.csv'} has the "
            "reason of each."
        )
    classes = in_order({row.label for row, _ in taken})
    _write_faces(taken, classes)
    return _described(rows, taken, classes, counts)


def _write_faces(taken: list[tuple[Row, Face]], classes: list[str]) -> None:
    images = [face.image for _, face in taken if face.image is not None]
    labels = [classes.index(row.label) for row, _ in taken]
    files.write_npz(
        OUT / "faces.npz",
        {"images": np.stack(images), "labels": np.array(labels, dtype=np.uint8)},
    )
    table = (_face_row(number, *pair) for number, pair in enumerate(taken))
    tables.write_rows(OUT / "faces.csv", FACES_HEAD, table)
    files.write_json(OUT / "classes.json", classes)


def _file_row(row: Row, face: Face) -> list[Any]:
    return [row.photo, row.label, face.status, face.num_found, face.reason]


def _face_row(number: int, row: Row, face: Face) -> list[Any]:
    box = [round(side, 1) for side in face.box or ()]
    score = "" if face.score is None else round(face.score, 4)
    return [number, row.photo, row.label, row.group, row.part, *box, score]


def _described(
    rows: list[Row],
    taken: list[tuple[Row, Face]],
    classes: list[str],
    counts: Counter[str],
) -> dict[str, Any]:
    numbers = Counter(row.label for row, _ in taken)
    return {
        "photos": len(rows),
        "faces": len(taken),
        "statuses": dict(sorted(counts.items())),
        "labels": {name: numbers[name] for name in classes},
        "classes_without_faces": in_order({row.label for row in rows} - set(classes)),
        "largest_of_several": sum(face.num_found > 1 for _, face in taken),
    }


def say(counts: dict[str, Any]) -> None:
    """Log what was found, and what is missing."""
    logger.info("%d faces in %d photos.", counts["faces"], counts["photos"])
    for status, number in counts["statuses"].items():
        if status != OK:
            logger.warning("%d left out: %s (%s).", number, status, OUT / "files.csv")
    for name in counts["classes_without_faces"]:
        logger.warning("No photo of %s has a face: it is no class any more.", name)


def main() -> None:
    settings, source = load_faces(), load_gather().source
    rows = photo_rows.read_rows(PHOTOS)
    if source in study.SOURCES:
        counts = write(rows, of_the_study(rows))
    else:
        key = run_key(settings, source)
        counts = write(rows, of_photos(rows, root_of(source), settings, key))
    files.write_json(METRICS, counts)
    say(counts)
    (STATE / journals.NAME).unlink(missing_ok=True)


if __name__ == "__main__":
    command.run(main)
