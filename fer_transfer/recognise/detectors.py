"""What finds faces in a photo, by name, and how each draws its boxes."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.recognise import centerface


class Box(NamedTuple):
    """A rectangle in pixels of the photo as it is displayed; it may reach beyond its border."""

    left: float
    top: float
    width: float
    height: float


class Found(NamedTuple):
    """A face, and how sure the detector is; None where there was nothing to detect."""

    box: Box
    score: float | None
    tilt: float = 0  # degrees clockwise from upright; 0 where the detector does not say


@dataclass(frozen=True)
class Detector:
    """What finds faces, and how much larger than its box FER2013 would frame the face."""

    name: str
    find: Callable[[np.ndarray], list[Found]]  # in RGB (h, w, 3)
    side: Literal["width", "longer"]  # of the box that the factor applies to
    factor: float
    measured: bool = True  # on FER2013 (docs/recognise.md)

    def side_of(self, box: Box) -> float:
        """Return the side of a box that the factor applies to."""
        return max(box.width, box.height) if self.side == "longer" else box.width

    def framed(self, box: Box) -> float:
        """Return the side of the square that frames a box's face as FER2013 would."""
        return self.factor * self.side_of(box)


# deepface's, by its own names; all but `opencv` download weights when first used.
DEEPFACE = (
    *("opencv", "ssd", "dlib", "mtcnn", "fastmtcnn", "retinaface", "mediapipe"),
    *("yolov8n", "yolov8m", "yolov8l", "yolov11n", "yolov11s", "yolov11m", "yolov11l"),
    *("yolov12n", "yolov12s", "yolov12m", "yolov12l", "yunet", "centerface"),
)
HAAR_NEIGHBOURS = (
    5  # detections of a face that make one: fewer find more faces that are none
)
HAAR_SMALLEST = 24  # pixels, the cascade's own


def by_centerface(pixels: np.ndarray) -> list[Found]:
    return [
        Found(Box(*face[:4]), face.score, face.tilt)
        for face in centerface.find_faces(pixels)
    ]


def by_haar(pixels: np.ndarray) -> list[Found]:
    """Find upright frontal faces by OpenCV's cascade of Haar features."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    boxes, _, scores = _cascade().detectMultiScale3(
        grey,
        scaleFactor=1.1,
        minNeighbors=HAAR_NEIGHBOURS,
        minSize=(HAAR_SMALLEST, HAAR_SMALLEST),
        outputRejectLevels=True,
    )
    pairs = zip(boxes, scores, strict=True)
    found = [Found(Box(*map(float, box)), float(score)) for box, score in pairs]
    return sorted(found, key=lambda face: -(face.score or 0))


@cache
def _cascade() -> cv2.CascadeClassifier:
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))


def by_deepface(pixels: np.ndarray, backend: str) -> list[Found]:
    """Ask one of deepface's detectors."""
    from deepface import DeepFace

    try:
        faces: list[dict[str, Any]] = DeepFace.extract_faces(
            pixels[..., ::-1],
            detector_backend=backend,
            enforce_detection=False,
            align=False,
        )
    except (ImportError, ValueError, OSError) as error:
        raise InputError(
            f"deepface's detector `{backend}` does not work here: "
            f"{' '.join(str(error).split())}. Give it what it asks for (a package, a network), "
            "or use `--detector centerface`."
        ) from error
    areas = [(face["facial_area"], face["confidence"]) for face in faces]
    return [
        Found(Box(*(float(area[side]) for side in "xywh")), float(score))
        for area, score in areas
        if score > 0  # 0: it found none, and gives the whole image
    ]


DETECTORS = {
    "centerface": Detector("centerface", by_centerface, "longer", 1.04),
    "haar": Detector("haar", by_haar, "width", 1.05),
} | {
    f"deepface-{name}": Detector(
        f"deepface-{name}", partial(by_deepface, backend=name), "longer", 1.04, False
    )
    for name in DEEPFACE
}


def find_detector(name: str) -> Detector:
    """Return a detector by its name.

    Raises:
        InputError: If there is none of that name.
    """
    if name not in DETECTORS:
        near = get_close_matches(name, DETECTORS, n=1, cutoff=0)[0]
        raise InputError(
            f"--detector must be one of {', '.join(DETECTORS)}. Got `{name}` instead. Did you "
            f"mean `{near}`?"
        )
    return DETECTORS[name]
