"""Measure how a detector's box compares with FER2013's framing: `python -m fer_transfer.recognise.measure`.

FER2013's images are faces already framed, so a box found in one of 48 pixels says by which
factor a box must grow to be such a frame. docs/recognise.md holds the result; the factors stand
in detectors.py.

Reads   data/images.npz
Writes  nothing: it logs a line per detector
"""

import logging
from pathlib import Path

import numpy as np
from PIL import Image

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data.fer2013 import IMAGE_SIZE
from fer_transfer.detection.detectors import DETECTORS, Box, Detector

logger = logging.getLogger(__name__)

IMAGES, SEED = 500, 0
MARGIN = 8  # pixels of the border, repeated: detectors expect something around a face
ENLARGED = 5  # times: they miss small faces


def measure(detector: Detector, images: np.ndarray) -> dict[str, float]:
    """Find the one face of each image (n, 48, 48), and compare its box with the image."""
    boxes = np.array([box for image in images if (box := found(detector, image))])
    sides = np.array([detector.side_of(Box(*box)) for box in boxes])
    middles = boxes[:, :2] + boxes[:, 2:] / 2 - IMAGE_SIZE / 2
    low, median, high = np.quantile(IMAGE_SIZE / sides, (0.25, 0.5, 0.75))
    across, down = np.median(middles, axis=0)
    return {
        "found": len(boxes) / len(images),
        "factor": float(median),
        "from": float(low),
        "to": float(high),
        "right": float(across),
        "down": float(down),
    }


def found(detector: Detector, image: np.ndarray) -> tuple[float, ...] | None:
    """Return the surest box in pixels of the image (48, 48), or None."""
    around = Image.fromarray(np.pad(image, MARGIN, mode="edge")).convert("RGB")
    size = (around.width * ENLARGED, around.height * ENLARGED)
    large = np.asarray(around.resize(size, Image.Resampling.BILINEAR))
    faces = detector.find(large)
    if not faces:
        return None
    left, top, width, height = (side / ENLARGED for side in faces[0].box)
    return left - MARGIN, top - MARGIN, width, height


def main() -> None:
    pixels = files.read_npz(Path("data/images.npz"))["pixels"]
    rows = np.random.default_rng(SEED).choice(len(pixels), IMAGES, replace=False)
    for name in ("centerface", "haar"):
        result = measure(DETECTORS[name], pixels[np.sort(rows)])
        logger.info(
            "%s: found %.0f%% of %d; 48 pixels are %.3f of the box's %s (half of them %.2f to "
            "%.2f); its middle lies %+.1f pixels to the right and %+.1f down.",
            *(
                name,
                100 * result["found"],
                IMAGES,
                result["factor"],
                DETECTORS[name].side,
            ),
            *(result["from"], result["to"], result["right"], result["down"]),
        )


if __name__ == "__main__":
    command.run(main)
