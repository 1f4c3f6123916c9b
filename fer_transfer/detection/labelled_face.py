"""The one face of a labelled image: by its box, by a detector, or the whole image."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_transfer.detection import framing, photos
from fer_transfer.detection.boxes import Box, Detection
from fer_transfer.detection.centerface import FACTOR
from fer_transfer.detection.detectors import find_detector, whole_image
from fer_transfer.detection.status import Rejected
from fer_transfer.readers.detected import Outcome

TO_CONVERT = "not 48x48 grey"  # and nothing says whether it may be converted

# Our choices, none of them measured.
LEAST_SIDE = 20  # pixels, the longer one: below, a face would be mostly interpolated
DOMINATES = 2  # times the area of each other face, for one to be the labelled one
LEAST_SCORE = 0.5  # times the highest score
LEAST_INSIDE = 0.5  # share of a given box that lies in the photo
MOST_LONG = 3  # times as long as wide: beyond, an image or box does not show one face


class Face(NamedTuple):
    """What became of a labelled image."""

    status: str
    reason: str
    box: Box | None = None  # None where the image shows nothing but the face
    image: np.ndarray | None = None  # (48, 48) uint8, grey


def read_face(path: Path, box: Box | None, detector: str, *, convert: bool) -> Face:
    """Read an image file and take its labelled face; one that cannot be read says why.

    Args:
        path: The file.
        box: Where the data set says the face is, in pixels of the displayed photo, or None.
        detector: What looks for it otherwise; `none` where images are faces already.
        convert: Whether images that are faces already are made grey and 48x48.
    """
    try:
        photo = photos.read_photo(path)
        face = find_face(photo.pixels, box, detector, convert=convert)
    except Rejected as rejected:
        return Face(rejected.status.value, rejected.reason)
    return face._replace(reason="; ".join(filter(None, (face.reason, photo.note))))


def find_face(
    pixels: np.ndarray, box: Box | None, detector: str, *, convert: bool
) -> Face:
    """Find and frame the labelled face of a photo, RGB (h, w, 3); see `read_face`."""
    height, width = pixels.shape[:2]
    if photos.is_fer2013_crop(pixels):
        return Face(Outcome.TAKEN, "", image=pixels[..., 0])
    if box is not None:  # framed as CenterFace's: who drew it is not known
        return _cut(pixels, Detection(box, None, factor=FACTOR))
    if detector != "none":
        return _detected(pixels, detector)
    if not convert:
        return Face(TO_CONVERT, f"{width} x {height} pixels, or in colour")
    return _cut(pixels, *whole_image(pixels))._replace(box=None)


def _detected(pixels: np.ndarray, detector: str) -> Face:
    """Find the face of a photo; its mirror image gives the mirrored result.

    Detectors' boxes differ on the two, which would hide duplicates.
    """
    mirrored = pixels[:, ::-1]
    row = (pixels != mirrored).any(axis=(1, 2)).argmax()  # the first that is asymmetric
    if mirrored[row].tobytes() > pixels[row].tobytes():
        face = _detected(np.ascontiguousarray(mirrored), detector)
        if face.box is None or face.image is None:
            return face
        left = pixels.shape[1] - face.box.left - face.box.width
        box = face.box._replace(left=left)
        return face._replace(box=box, image=face.image[:, ::-1])
    faces = find_detector(detector)(pixels)
    if not faces:
        return Face(Outcome.NO_FACE, f"{detector} finds none")
    largest = dominant(faces)
    if largest is None:
        reason = f"none is {DOMINATES} times as large as every other: give a box or crop the photo"
        return Face(Outcome.SEVERAL, f"{len(faces)} faces, and {reason}")
    face = _cut(pixels, largest)
    note = "" if len(faces) == 1 else f"the largest of {len(faces)} faces"
    return face._replace(reason=face.reason or note)


def _cut(pixels: np.ndarray, detection: Detection) -> Face:
    """Cut out a face, if its box may hold one."""
    box, (height, width) = detection.box, pixels.shape[:2]
    shape = f"{box.width:.0f} x {box.height:.0f} pixels"
    if box.shared(Box(0, 0, width, height)) < LEAST_INSIDE * box.area:
        return Face(
            Outcome.OUTSIDE,
            f"({box.left:g}, {box.top:g}, {shape}) lies mostly outside the photo of "
            f"{width} x {height}: correct it",
        )
    if box.longer > MOST_LONG * min(box.width, box.height):
        expected = f"expected at most {MOST_LONG} times as long as wide"
        return Face(Outcome.NOT_A_FACE, f"{shape}: {expected}")
    if box.longer < LEAST_SIDE:
        return Face(Outcome.TOO_SMALL, f"{shape}: expected {LEAST_SIDE} at least")
    image = framing.cut_upright(pixels, detection.square, detection.tilt)
    return Face(Outcome.TAKEN, "", box, image)


def dominant(faces: list[Detection]) -> Detection | None:
    """Return the face that is clearly the photo's: the largest by far, and not a doubtful one."""
    largest, *others = sorted(faces, key=lambda face: -face.box.area)
    best = max(face.score or 0 for face in faces)
    is_sure = (largest.score or 0) >= LEAST_SCORE * best
    is_larger = all(largest.box.area >= DOMINATES * other.box.area for other in others)
    return largest if is_sure and is_larger else None
