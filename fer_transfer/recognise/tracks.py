"""Number the faces of a video from frame to frame, and smooth their probabilities over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_transfer.detection.detectors import Box
from fer_transfer.recognise import tables

LEAST_OVERLAP = 0.2  # intersection over union of a face's boxes in two frames
FORGOTTEN = 2.0  # seconds after which a face that comes back is a new one


@dataclass
class Track:
    """A face that was seen in one frame or more."""

    box: Box
    time: float  # seconds, when it was seen last
    probabilities: np.ndarray  # (classes,), smoothed


class Tracker:
    """Follows faces by the overlap of their boxes."""

    def __init__(
        self, classes: Sequence[str], unsure_below: float, smoothing: float
    ) -> None:
        """Begin a video.

        Args:
            classes: Of the probabilities.
            unsure_below: Probability below which a face counts as unsure.
            smoothing: Time constant in seconds of the exponential moving average; 0 for none.
        """
        self.classes, self.unsure_below = classes, unsure_below
        self.smoothing = smoothing
        self.tracks: dict[int, Track] = {}
        self.last = 0  # the highest number

    def update(self, time: float, faces: Sequence[tables.Row]) -> list[tables.Row]:
        """Number and smooth the faces of the next frame.

        Args:
            time: Seconds since the beginning of the video.
            faces: The frame's, as `tables.values` gives them.

        Returns:
            The same faces with the numbers of their tracks and smoothed probabilities.
        """
        self.tracks = {
            number: track
            for number, track in self.tracks.items()
            if time - track.time <= FORGOTTEN
        }
        numbers = self._match([tables.box_of(face) for face in faces])
        return [
            self._follow(number, time, face)
            for number, face in zip(numbers, faces, strict=True)
        ]

    def _match(self, boxes: list[Box]) -> list[int]:
        """Return the number of each box's track: largest overlap first, a new one if none is left."""
        pairs = sorted(
            (-track.box.overlap(box), number, place)
            for number, track in self.tracks.items()
            for place, box in enumerate(boxes)
        )
        matched: dict[int, int] = {}
        for overlap, number, place in pairs:
            is_free = place not in matched and number not in matched.values()
            if is_free and -overlap >= LEAST_OVERLAP:
                matched[place] = number
        for place in range(len(boxes)):
            if place not in matched:
                self.last += 1
                matched[place] = self.last
        return [matched[place] for place in range(len(boxes))]

    def _follow(self, number: int, time: float, face: tables.Row) -> tables.Row:
        probabilities = tables.probabilities_of(face)
        track = self.tracks.get(number)
        if track and self.smoothing:
            old = np.exp((track.time - time) / self.smoothing)
            probabilities = old * track.probabilities + (1 - old) * probabilities
        self.tracks[number] = Track(tables.box_of(face), time, probabilities)
        return tables.with_probabilities(
            face, number, probabilities, self.classes, self.unsure_below
        )
