"""Face detectors by name. Threads may share them."""

import threading
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.detection.boxes import Box, Detection
from fer_transfer.detection.centerface import find_faces

SMALLEST_FACE = 40  # pixels of its longer side
# Overlapping detections that make a face; with fewer there are more false positives.
HAAR_NEIGHBOURS = 5
HAAR_OVERLAP = 0.4  # intersection over union from which two boxes are one face
HAAR_SMALLEST = 24  # pixels, the cascade's own
HAAR_FACTOR = 1.05  # of the box's side, measured on FER2013 (docs/photos.md)

Find = Callable[..., list[Detection]]  # in RGB (h, w, 3), best first


def find_by_haar(pixels: np.ndarray, smallest_face: int) -> list[Detection]:
    """Detect upright frontal faces by OpenCV's cascade of Haar features."""
    side = max(HAAR_SMALLEST, smallest_face * 3 // 4)  # its boxes are narrow
    boxes, _, scores = _cascade(threading.get_ident()).detectMultiScale3(
        cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY),
        scaleFactor=1.1,
        minNeighbors=HAAR_NEIGHBOURS,
        minSize=(side, side),
        outputRejectLevels=True,
    )
    return [
        Detection(Box(*map(float, boxes[n])), float(scores[n]), factor=HAAR_FACTOR)
        for n in cv2.dnn.NMSBoxes(boxes, scores, 0, HAAR_OVERLAP)
    ]


def whole_image(pixels: np.ndarray, **_: int) -> list[Detection]:
    """Take the image for a face that fills it."""
    height, width = pixels.shape[:2]
    return [Detection(Box(0, 0, width, height), None)]


@cache
def _cascade(thread: int) -> cv2.CascadeClassifier:
    """Load the cascade, once for each thread: OpenCV's may not be shared."""
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))


DETECTORS: dict[str, Find] = {
    "centerface": find_faces,
    "haar": find_by_haar,
    "none": whole_image,
}


def find_detector(name: str, smallest_face: int = SMALLEST_FACE) -> Find:
    """Return the detector of that name, for faces of at least `smallest_face` pixels.

    Raises:
        InputError: If there is none of that name.
    """
    if name not in DETECTORS:
        expected = ", ".join(DETECTORS)
        raise InputError(f"The detector must be one of {expected}. Got `{name}`.")
    return partial(DETECTORS[name], smallest_face=smallest_face)
