"""One video or camera, from its frames to its record and to the rows of its faces.

The journal holds the faces of the frames as they were recognised, some frames an entry. Numbers
and smoothing come when the results are written, so that a run goes on after any frame.
"""

import logging
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from fer_transfer.console.progress import Progress
from fer_transfer.core.journal import Journal
from fer_transfer.detection.inputs import Input, identity
from fer_transfer.detection.status import Rejected, Status
from fer_transfer.detection.videos import Frame, Video
from fer_transfer.recognise import pictures, tables
from fer_transfer.recognise.parallel import in_order
from fer_transfer.recognise.recogniser import Recogniser
from fer_transfer.recognise.records import new_record, record_faces
from fer_transfer.recognise.tables import Record
from fer_transfer.recognise.tracks import Tracker

logger = logging.getLogger(__name__)

FRAMES = 50  # an entry of the journal: of an hour there are few
CODEC = cv2.VideoWriter.fourcc(*"mp4v")


@dataclass(frozen=True)
class Run:
    """What recognises, where the records are, and how videos are read."""

    recogniser: Recogniser
    journal: Journal
    rate: float  # frames a second
    smoothing: float  # seconds; 0 for none


def make_record(entry: Input, run: Run, folder: Path | None) -> Record:
    """Recognise the faces in the frames of a video, after those that the journal has.

    Args:
        entry: A video file, or a camera.
        run: What recognises it.
        folder: Where the video with boxes goes; None for none.

    Returns:
        A record as records.make_record gives it. faces: for each that was followed its box where
        it is largest, and its mean probabilities; seen: in how many frames each is; parts: entries
        of the journal; frames: their number; last: seconds, of the last one.
    """
    before = identity(entry.path)
    try:
        video = Video(entry.path if entry.camera is None else entry.camera)
        parts = _record_frames(entry, before, video, run)
    except Rejected as rejected:
        return new_record(entry, before, rejected.status, rejected.reason)
    record = new_record(entry, before, Status.NO_FACE, video.note) | {"parts": parts}
    record |= _summary(frames(record, run), run.recogniser)
    if record["faces"]:
        record["status"] = Status.FACES.value
    if record["faces"] and folder and entry.camera is None:
        record["picture"] = pictures.name_for(entry.path, ".mp4")
        picture = folder / record["picture"]
        _draw(picture, entry.path, frames(record, run), run.rate)
    return record


def frames(record: Record, run: Run) -> Iterator[Record]:
    """Yield the frames of a video as records, their faces numbered and smoothed."""
    recogniser = run.recogniser
    tracker = Tracker(recogniser.classes, recogniser.unsure_below, run.smoothing)
    for number in range(record["parts"]):
        part = run.journal.find(_key(record["file"], number))
        for frame in part["frames"] if part else ():
            faces = tracker.update(frame["time"], frame["faces"])
            yield {**frame, "file": record["file"], "faces": faces}


def _record_frames(entry: Input, before: list[int], video: Video, run: Run) -> int:
    """Recognise the frames that the journal does not have; return how many entries hold all."""
    parts, done, after = 0, 0, None
    while part := run.journal.find(_key(entry.shown, parts)):
        if part["identity"] != before:
            break
        parts, done = parts + 1, done + len(part["frames"])
        after = part["frames"][-1]["time"]

    def recognise(frame: Frame) -> Record:
        size = frame.pixels.shape[:2]
        faces = record_faces(run.recogniser.faces(frame.pixels))
        return {"time": frame.time, "size": size, **faces}

    expected = round(video.duration * run.rate) or None
    with Progress(expected, "frame", done) as progress, _ended_by_ctrl_c(video):
        recognised = in_order(recognise, video.frames(run.rate, after))
        while batch := list(islice(recognised, FRAMES)):
            key = _key(entry.shown, parts)
            run.journal.add({"file": key, "identity": before, "frames": batch})
            parts += 1
            progress.update(len(batch))
    return parts


def _key(file: str, part: int) -> str:
    return f"{file}\0{part}"  # no file is called so


@contextmanager
def _ended_by_ctrl_c(video: Video) -> Iterator[None]:
    """Let Ctrl-C end a camera's recording rather than the run; a second one ends the run."""
    if not video.is_live:
        yield
        return

    def stop(*_: object) -> None:
        video.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    logger.info("Recording: Ctrl-C ends it and writes the results.")
    handler = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _summary(numbered: Iterable[Record], recogniser: Recogniser) -> Record:
    """Return what a video's record holds beside its status, from one frame or more."""
    largest: dict[int, tuple[tables.Row, str]] = {}
    sums: dict[int, np.ndarray] = {}  # of the probabilities
    num_frames, frame = 0, Record()
    for frame in numbered:
        num_frames += 1
        for row, crop in zip(frame["faces"], frame["crops"], strict=True):
            face, area = row[0], tables.box_of(row).area
            sums[face] = tables.probabilities_of(row) + sums.get(face, 0)
            if face not in largest or area > tables.box_of(largest[face][0]).area:
                largest[face] = row, crop
    classes, unsure_below = recogniser.classes, recogniser.unsure_below
    seen = {face: float(total.sum()) for face, total in sums.items()}
    return {
        "frames": num_frames,
        "last": frame["time"],
        "height": frame["size"][0],
        "width": frame["size"][1],
        "seen": [round(frames) for frames in seen.values()],
        "faces": [
            tables.with_probabilities(
                row, face, sums[face] / seen[face], classes, unsure_below
            )
            for face, (row, _) in largest.items()
        ],
        "crops": [crop for _, crop in largest.values()],
    }


def _draw(path: Path, source: str, numbered: Iterable[Record], rate: float) -> None:
    """Write the frames with boxes as a video without sound."""
    path.parent.mkdir(exist_ok=True)
    writer = cv2.VideoWriter()
    written = 0  # frames
    for frame, record in zip(Video(source).frames(rate), numbered, strict=False):
        marks = {row[0]: tables.mark_of(row) for row in record["faces"]}
        image = np.asarray(pictures.draw(frame.pixels, marks))
        if not writer.isOpened():
            size = image.shape[1::-1]
            writer.open(str(path), cv2.CAP_FFMPEG, CODEC, rate, size)
        # A gap in time is filled by the frame after it, so that the video keeps its length.
        for _ in range(max(1, round(frame.time * rate) + 1 - written)):
            writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            written += 1
    writer.release()
