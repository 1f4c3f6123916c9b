"""Number the faces of a video from frame to frame, and smooth their probabilities over time."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from fer_transfer.detection.boxes import Box
from fer_transfer.recognise.face import Face, by_emotion

LEAST_OVERLAP = 0.2  # intersection over union of a face's boxes in two frames
FORGOTTEN = 2.0  # seconds after which a face that comes back is a new one


class Tracker:
    """Follows the faces of one video by the overlap of their boxes."""

    def __init__(self, smoothing: float) -> None:
        """Begin a video.

        Args:
            smoothing: Time constant in seconds of the exponential moving average; 0 for none.
        """
        self.smoothing = smoothing
        self.tracks: dict[int, tuple[float, Face]] = {}  # seen last when, and how
        self.numbers = count(1)
        self.last = 0.0  # when the frame before was

    def update(self, time: float, faces: Sequence[Face]) -> list[Face]:
        """Return the faces of the next frame with their numbers and smoothed probabilities.

        Args:
            time: Seconds since the beginning of the video.
            faces: Of the frame.
        """
        for number, (seen, _) in list(self.tracks.items()):
            # Frames may lie farther apart: one seen in the last of them is not gone.
            if time - seen > FORGOTTEN and seen < self.last:
                del self.tracks[number]
        self.last = time
        followed = []
        numbers = self._match([face.box for face in faces])
        for number, face in zip(numbers, faces, strict=True):
            seen, last = self.tracks.get(number, (time, face))
            old = math.exp((seen - time) / self.smoothing) if self.smoothing else 0
            smoothed = old * last.shares + (1 - old) * face.shares
            probabilities = by_emotion(face.probabilities, smoothed)
            followed.append(replace(face, number=number, probabilities=probabilities))
            self.tracks[number] = time, followed[-1]
        return followed

    def _match(self, boxes: list[Box]) -> list[int]:
        """Return the number of each box's track: largest overlap first, a new one if none is left."""
        pairs = sorted(
            (-face.box.overlap(box), number, place)
            for number, (_, face) in self.tracks.items()
            for place, box in enumerate(boxes)
        )
        matched: dict[int, int] = {}
        for overlap, number, place in pairs:
            is_free = place not in matched and number not in matched.values()
            if is_free and -overlap >= LEAST_OVERLAP:
                matched[place] = number
        return [matched.get(place) or next(self.numbers) for place in range(len(boxes))]
