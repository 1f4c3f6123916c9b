"""Face detectors by name, and how the box of each relates to FER2013's framing.

Threads may share a detector.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.detection import centerface

SMALLEST_FACE = 40  # pixels of its longer side
# Overlapping detections that make a face; with fewer there are more false positives.
HAAR_NEIGHBOURS = 5
HAAR_SMALLEST = 24  # pixels, the cascade's own


class Box(NamedTuple):
    """A rectangle in pixels of the photo as it is displayed; it may reach beyond its border."""

    left: float
    top: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    def shared(self, other: "Box") -> float:
        """Return the area that two boxes share."""
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        width = right - max(self.left, other.left)
        return max(width, 0.0) * max(bottom - max(self.top, other.top), 0.0)

    def overlap(self, other: "Box") -> float:
        """Return the intersection over union of two boxes.

        >>> Box(0, 0, 2, 2).overlap(Box(1, 0, 2, 2)) == 2 / 6
        True
        """
        shared = self.shared(other)
        return shared / (self.area + other.area - shared)


class Detection(NamedTuple):
    """A detected face; score is None where the whole image was taken."""

    box: Box
    score: float | None
    tilt: float = 0  # degrees clockwise from upright; 0 where the detector does not say


@dataclass(frozen=True)
class Detector:
    """A face detector, and by which factor FER2013 frames a face larger than its box."""

    name: str
    find: Callable[..., list[Detection]]  # in RGB (h, w, 3), best first
    side: Literal["width", "longer"]  # of the box that the factor applies to
    factor: float  # measured on FER2013 (docs/photos.md)

    def side_of(self, box: Box) -> float:
        """Return the side of a box that the factor applies to."""
        return max(box.width, box.height) if self.side == "longer" else box.width

    def framed(self, box: Box) -> float:
        """Return the side of the square that frames a box's face as FER2013 would."""
        return self.factor * self.side_of(box)


def by_centerface(
    pixels: np.ndarray, smallest_face: int = SMALLEST_FACE
) -> list[Detection]:
    return [
        Detection(Box(*face[:4]), face.score, face.tilt)
        for face in centerface.find_faces(pixels, smallest_face)
    ]


def by_haar(pixels: np.ndarray, smallest_face: int = SMALLEST_FACE) -> list[Detection]:
    """Detect upright frontal faces by OpenCV's cascade of Haar features."""
    side = max(HAAR_SMALLEST, smallest_face * 3 // 4)  # its boxes are narrow
    boxes, _, scores = _cascade(threading.get_ident()).detectMultiScale3(
        cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY),
        scaleFactor=1.1,
        minNeighbors=HAAR_NEIGHBOURS,
        minSize=(side, side),
        outputRejectLevels=True,
    )
    pairs = zip(boxes, scores, strict=True)
    faces = [Detection(Box(*map(float, box)), float(score)) for box, score in pairs]
    return sorted(faces, key=lambda face: -(face.score or 0))


def whole_image(pixels: np.ndarray, smallest_face: int = 1) -> list[Detection]:
    """Take the image for a face that fills it."""
    del smallest_face  # there is nothing to search
    height, width = pixels.shape[:2]
    return [Detection(Box(0, 0, width, height), None)]


@cache
def _cascade(thread: int) -> cv2.CascadeClassifier:
    """Load the cascade, once for each thread: OpenCV's may not be shared."""
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))


DETECTORS = {
    "centerface": Detector("centerface", by_centerface, "longer", 1.04),
    "haar": Detector("haar", by_haar, "width", 1.05),
    "none": Detector("none", whole_image, "longer", 1),
}


def find_detector(name: str, smallest_face: int = SMALLEST_FACE) -> Detector:
    """Return a detector by its name, for faces from so many pixels on.

    Raises:
        InputError: If there is none of that name.
    """
    if name not in DETECTORS:
        near = get_close_matches(name, DETECTORS, n=1, cutoff=0)[0]
        raise InputError(
            f"--detector must be one of {', '.join(DETECTORS)}. Got `{name}` instead. Did you "
            f"mean `{near}`?"
        )
    detector = DETECTORS[name]
    return replace(detector, find=partial(detector.find, smallest_face=smallest_face))
