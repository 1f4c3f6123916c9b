"""The one face of a labelled photo: by its box, by a detector, or the whole image."""

from typing import NamedTuple

import numpy as np

from algorithm.lib.settings import PATH
from fer_transfer.detection import framing, photos
from fer_transfer.detection.detectors import DETECTORS, Box, Detection, Detector

OK, NO_FACE, SEVERAL = "ok", "no face", "several faces"
TOO_SMALL, NOT_IN_PHOTO, NO_FACE_SHAPE = "face too small", "box outside", "not a face"

# Our choices, none of them measured.
LEAST_SIDE = 20  # pixels of a face: below, 48 pixels would be mostly interpolated
DOMINATES = 2  # times the area of each other face, for one to be the labelled one
LEAST_SCORE = 0.5  # times the highest score
SAME = 0.4  # intersection over union from which two boxes are one face
LEAST_INSIDE = 0.5  # share of a given box that lies in the photo
MOST_LONG = 3  # times as long as wide: beyond, an image or box is no face

# A given box is framed as CenterFace's are: who drew it is not known.
GIVEN = DETECTORS["centerface"]


class Face(NamedTuple):
    """What became of a labelled photo."""

    status: str
    reason: str
    num_found: int = 0
    box: Box | None = None
    score: float | None = None
    image: np.ndarray | None = None  # (48, 48) uint8


def face_of(pixels: np.ndarray, box: Box | None, detector: Detector | None) -> Face:
    """Find and frame the labelled face of a photo, RGB (h, w, 3).

    Args:
        pixels: The photo as it is displayed.
        box: Where the data set says the face is, or None.
        detector: What finds it otherwise; None where images are faces already.
    """
    height, width = pixels.shape[:2]
    whole = Box(0, 0, width, height)
    if photos.is_fer2013_crop(pixels):
        return Face(OK, "taken whole, as FER2013's", 1, whole, None, pixels[..., 0])
    if box is not None:
        return _by_box(pixels, box, "by the box given", GIVEN.framed(box))
    if detector is None:
        return _by_box(pixels, whole, "taken whole", max(width, height))
    return _detected(pixels, detector)


def _by_box(pixels: np.ndarray, box: Box, reason: str, side: float) -> Face:
    """Cut out a box that was not detected, after checks that a detector's needs less."""
    height, width = pixels.shape[:2]
    shape = f"{box.width:g} x {box.height:g} pixels"
    if _shared(box, Box(0, 0, width, height)) < LEAST_INSIDE * box.width * box.height:
        return Face(
            NOT_IN_PHOTO,
            f"the box ({box.left:g}, {box.top:g}, {shape}) lies mostly outside the photo of "
            f"{width} x {height}: correct it",
        )
    if max(box.width, box.height) > MOST_LONG * min(box.width, box.height):
        wanted = f"expected at most {MOST_LONG} times as long as wide"
        return Face(NO_FACE_SHAPE, f"{shape}: {wanted}", 1)
    if min(box.width, box.height) < LEAST_SIDE:
        return _too_small(box, 1)
    image = framing.cut(pixels, framing.square_about(box, side))
    return Face(OK, reason, 1, box, None, image)


def _detected(pixels: np.ndarray, detector: Detector) -> Face:
    found = distinct(detector.find(pixels))
    if not found:
        wanted = f"set `faces.detector: none` in {PATH} if the images are faces already"
        return Face(NO_FACE, f"{detector.name} found none; {wanted}")
    face = found[0] if len(found) == 1 else dominant(found)
    if face is None:
        wanted = f"none has {DOMINATES} times the area of each other: give the face's box, or crop it"
        return Face(SEVERAL, f"{len(found)} faces, and {wanted}", len(found))
    if detector.side_of(face.box) < LEAST_SIDE:
        return _too_small(face.box, len(found))
    square = framing.square_about(face.box, detector.framed(face.box))
    image = framing.cut_upright(pixels, square, face.tilt)
    reason = "" if len(found) == 1 else f"the largest of {len(found)} faces"
    return Face(OK, reason, len(found), face.box, face.score, image)


def distinct(found: list[Detection]) -> list[Detection]:
    """Return the faces, of boxes that overlap much only the most certain."""
    kept: list[Detection] = []
    for face in sorted(found, key=lambda one: -(one.score or 0)):
        if all(_overlap(face.box, other.box) < SAME for other in kept):
            kept.append(face)
    return kept


def dominant(found: list[Detection]) -> Detection | None:
    """Return the face that is clearly the photo's: the largest by far, and not a doubtful one."""
    by_area = sorted(found, key=lambda face: -_area(face.box))
    largest, second = by_area[:2]
    best = max(face.score or 0 for face in found)
    is_sure = (largest.score or 0) >= LEAST_SCORE * best
    is_larger = _area(largest.box) >= DOMINATES * _area(second.box)
    return largest if is_sure and is_larger else None


def _too_small(box: Box, num_found: int) -> Face:
    reason = (
        f"{box.width:.0f} x {box.height:.0f} pixels: expected {LEAST_SIDE} at least"
    )
    return Face(TOO_SMALL, reason, num_found)


def _area(box: Box) -> float:
    return box.width * box.height


def _shared(one: Box, other: Box) -> float:
    """Return the area that two boxes share."""
    right = min(one.left + one.width, other.left + other.width)
    bottom = min(one.top + one.height, other.top + other.height)
    width, height = right - max(one.left, other.left), bottom - max(one.top, other.top)
    return max(width, 0.0) * max(height, 0.0)


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes.

    >>> _overlap(Box(0, 0, 2, 2), Box(1, 0, 2, 2)) == 2 / 6
    True
    """
    shared = _shared(one, other)
    return shared / (_area(one) + _area(other) - shared)
