"""Read a video file or a camera: some frames of each second, upright, in RGB."""

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.detection.status import Rejected, Status

# A status tells what is wrong with a file.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

TOLERANCE = 1e-3  # seconds by which a frame may come too early
MOST_FAILURES = 100  # damaged frames in a row, after which a video counts as ended
SHORTEST_CUT = 1.0  # seconds that may be missing at the end without a note
SHARE_CUT = 0.05  # also as a share of the length
USUAL_RATE = 25.0  # frames a second, where the file does not say


class Frame(NamedTuple):
    """A frame of a video as it is displayed."""

    time: float  # seconds after the first frame
    pixels: np.ndarray  # (height, width, 3) uint8


class Video:
    """A video file or a camera, opened."""

    def __init__(self, source: str | int) -> None:
        """Open a file by its path, or a camera by its number.

        Raises:
            Rejected: If OpenCV cannot open the file; the reason says what to do.
            InputError: If it cannot open the camera.
        """
        self.is_live = isinstance(source, int)
        self.stopped = False  # True ends the frames, as if the video ended here
        self.note = ""
        self.capture = _open(source)
        self.width = int(self.capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.height = int(self.capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        rate = self.capture.get(cv2.CAP_PROP_FPS)
        self.interval = 1 / (rate if 1 <= rate <= 1000 else USUAL_RATE)

    @property
    def duration(self) -> float:
        """Seconds, as the file's header has it; 0 where it is not known."""
        return max(0.0, self.capture.get(cv2.CAP_PROP_FRAME_COUNT) * self.interval)

    def frames(self, rate: float, after: float | None = None) -> Iterator[Frame]:
        """Decode the first frame of each interval of 1 / rate seconds.

        Args:
            rate: Frames a second; where the video has fewer, all of them.
            after: Seconds up to which the frames have been read before.

        Raises:
            Rejected: If there is no frame at all.
        """
        seconds, due = after, _next_due(after, rate)
        for seconds in self._times(after):
            if seconds + TOLERANCE < due:
                continue
            is_decoded, pixels = self.capture.retrieve()
            if is_decoded:
                after, due = seconds, _next_due(seconds, rate)
                yield Frame(round(seconds, 3), cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
        if after is None:
            reason = "no frame can be decoded: copy the file again, or check the camera"
            raise Rejected(Status.DAMAGED, reason)
        self._note_cut(seconds or 0)

    def _times(self, after: float | None) -> Iterator[float]:
        """Go from frame to frame; yield when each is displayed.

        A camera's time goes on after what was recorded before. A file's time stamps may be missing
        or jump back; then a frame comes one interval after that before it.
        """
        started, seconds, failures = time.monotonic() - (after or 0), -1.0, 0
        while not self.stopped and failures < MOST_FAILURES:
            if not self.capture.grab():
                failures += 1
                continue
            failures = 0
            if self.is_live:
                yield time.monotonic() - started
                continue
            position = self.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            seconds = position if position > seconds else seconds + self.interval
            yield seconds

    def _note_cut(self, seconds: float) -> None:
        missing = self.duration - seconds
        if not self.is_live and missing > max(SHORTEST_CUT, SHARE_CUT * self.duration):
            self.note = f"read up to {seconds:.1f} of {self.duration:.1f} seconds: it may be damaged or cut short"


def _next_due(seconds: float | None, rate: float) -> float:
    """Return when the interval after that of a frame begins.

    >>> _next_due(None, 5), _next_due(0.4, 5)
    (0.0, 0.6)
    """
    if seconds is None:
        return 0.0
    return (math.floor((seconds + TOLERANCE) * rate) + 1) / rate


def _open(source: str | int) -> cv2.VideoCapture:
    if isinstance(source, int):
        capture = cv2.VideoCapture(source)
        if not capture.isOpened():  # an error of the run, which keeps what was recorded
            problem = f"Camera {source} cannot be opened"
            raise InputError(f"{problem}. Check that it is connected and not in use.")
    else:
        capture = cv2.VideoCapture(_absolute(source), cv2.CAP_FFMPEG)
        reason = (
            "OpenCV cannot read it: convert it, `ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p "
            "FILE.mp4`; where that fails too, the file is damaged"
        )
        if not capture.isOpened():
            raise Rejected(Status.VIDEO, reason)
    return capture


def _absolute(path: str) -> str:
    """Return an absolute path: FFmpeg would take `http:` at its beginning for an address."""
    absolute = str(Path(path).absolute())
    try:
        absolute.encode()
    except UnicodeEncodeError:  # OpenCV would crash
        reason = "its path holds bytes that are not UTF-8: rename it"
        raise Rejected(Status.VIDEO, reason) from None
    return absolute
