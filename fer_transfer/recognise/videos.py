"""One video or camera, from its frames to its record and to its faces over time.

The journal holds the faces of each frame as they were recognised. Numbers and smoothing come when
the results are written, so that a run goes on after any frame.
"""

import logging
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_transfer.console.progress import Progress
from fer_transfer.core.ahead import in_order
from fer_transfer.detection.inputs import Input, identity
from fer_transfer.detection.journal import Journal
from fer_transfer.detection.videos import Frame, Video
from fer_transfer.recognise import pictures
from fer_transfer.recognise.face import Face, by_emotion
from fer_transfer.recognise.recogniser import Recogniser
from fer_transfer.recognise.records import Record, from_faces, to_faces
from fer_transfer.recognise.tracks import Tracker

logger = logging.getLogger(__name__)

# Those that this process may use; macOS does not tell.
CORES = len(getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0))
# What the journal has of a camera's frame: no file from which it could be read again.
RECORDED = '%"identity": [], "time"%'
CODEC = cv2.VideoWriter.fourcc(*"mp4v")


@dataclass(frozen=True)
class Run:
    """What recognises, where the records are, and how videos are read."""

    recogniser: Recogniser
    journal: Journal
    names: list[str]  # of the inputs, in the order of the results
    rate: float  # frames a second
    smoothing: float  # seconds; 0 for none

    def records(self) -> Iterator[Record]:
        """Yield the records of the inputs, with their faces."""
        for record in filter(None, map(self.journal.find, self.names)):
            yield record | {"faces": to_faces(record["faces"])}

    def frames(self, record: Record) -> Iterator[tuple[Any, list[Face]]]:
        """Yield the seconds and the faces of each frame, numbered and smoothed.

        A photo is one frame, and its time is None.
        """
        if not record["frames"]:
            yield None, record["faces"]
        tracker = Tracker(self.smoothing)
        for number in range(record["frames"]):
            if frame := self.journal.find(_key(record["file"], number)):
                time, faces = frame["time"], to_faces(frame["faces"])
                yield time, tracker.update(time, faces)


def read_video(entry: Input, run: Run, folder: Path | None) -> Record:
    """Recognise the faces in the frames of a video, after those that the journal has.

    Args:
        entry: A video file, or a camera.
        run: What recognises it.
        folder: Where the video with boxes goes; None for none.

    Returns:
        What records.make_record asks for. faces: for each that was followed its box where it is
        largest, and its mean probabilities; seen: in how many frames each is; seconds: up to
        the end of the last frame.

    Raises:
        Rejected: If it cannot be read.
    """
    video = Video(entry.path if entry.camera is None else entry.camera)
    num_frames = _record_frames(entry, video, run)
    record: Record = {"file": entry.shown, "frames": num_frames, "reason": video.note}
    record |= {"width": video.width, "height": video.height}
    record |= _summary(record, run)
    if record["faces"] and folder and entry.camera is None:
        record["picture"] = pictures.name_for(entry.path, ".mp4")
        folder.mkdir(exist_ok=True)
        _draw(folder / record["picture"], entry.path, record, run)
    return record


def _record_frames(entry: Input, video: Video, run: Run) -> int:
    """Recognise the frames that the journal does not have; return how many there are."""
    done, after, now = 0, None, identity(entry.path)
    while frame := run.journal.find(_key(entry.shown, done)):
        if frame["identity"] != now:
            break
        done, after = done + 1, frame["time"]

    def recognise(frame: Frame) -> Record:
        faces = from_faces(run.recogniser.faces(frame.pixels))
        return {"identity": now, "time": frame.time, "faces": faces}

    expected = round(video.duration * run.rate) or None
    with Progress(expected, "frame", done) as progress, _ended_by_ctrl_c(video):
        frames = video.frames(run.rate, after)
        for record in in_order(recognise, frames, 2 * CORES, CORES):
            run.journal.add({"file": _key(entry.shown, done), **record})
            done += 1
            progress.update(1)
    return done


def _key(file: str, frame: int) -> str:
    return f"{file}\0{frame}"  # no file is called so


@contextmanager
def _ended_by_ctrl_c(video: Video) -> Iterator[None]:
    """Let Ctrl-C end a camera's recording rather than the run; a second one ends the run."""
    handler = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        video.stopped = True
        signal.signal(signal.SIGINT, handler)

    if video.is_live:
        signal.signal(signal.SIGINT, stop)
        logger.info("Recording. Press Ctrl-C to stop and write the results.")
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _summary(record: Record, run: Run) -> Record:
    """Return the faces of a video and how long it is."""
    largest: dict[int, Face] = {}
    seen, sums = Counter[int](), defaultdict[int, Any](float)
    end = 0.0
    for time, faces in run.frames(record):
        end = time + 1 / run.rate
        for face in faces:
            n = face.number
            seen[n] += 1
            sums[n] += face.shares
            largest[n] = max(largest.get(n, face), face, key=lambda face: face.box.area)
    means = [
        replace(face, probabilities=by_emotion(face.probabilities, sums[n] / seen[n]))
        for n, face in largest.items()
    ]
    return {"seconds": end, "faces": from_faces(means), "seen": list(seen.values())}


def _draw(path: Path, source: str, record: Record, run: Run) -> None:
    """Write the frames with boxes as a video without sound."""
    writer = cv2.VideoWriter()
    num_written = 0
    frames = Video(source).frames(run.rate)
    for frame, (_, faces) in zip(frames, run.frames(record), strict=False):
        image = np.asarray(pictures.draw(frame.pixels, faces))
        if not writer.isOpened():
            # Absolute: FFmpeg takes `run:1/` at the beginning for a protocol.
            file, size = str(path.absolute()), image.shape[1::-1]
            if not writer.open(file, cv2.CAP_FFMPEG, CODEC, run.rate, size):
                raise OSError(f"{path} cannot be written as a video")
        # A gap in time is filled by the frame after it, so that the video keeps its length.
        for _ in range(max(1, round(frame.time * run.rate) + 1 - num_written)):
            writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            num_written += 1
    writer.release()
