"""Measure what finding, framing and turning faces costs: `python -m fer_transfer.recognise.end_to_end`.

Test images of FER2013 are put into a larger photo, tilted, found and framed again; the same
model judges them as they are and as they come back. docs/recognise.md holds the result.

Reads   data/images.npz, data/labels.npz, data/split.npz, models/default
Writes  nothing: it logs a line per tilt
"""

import logging
from pathlib import Path

import numpy as np
from PIL import Image

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.detection import framing
from fer_transfer.detection.detectors import DETECTORS, Detection
from fer_transfer.recognise.model import Model, open_model

logger = logging.getLogger(__name__)

IMAGES, SEED = 200, 1
MARGIN = 24  # pixels of the border, repeated
ENLARGED = 5
TILTS = (0, 15, 30, 45, 90)


def photo(image: np.ndarray, tilt: float) -> np.ndarray:
    """Put an image (48, 48) into a tilted photo in RGB."""
    around = Image.fromarray(np.pad(image, MARGIN, mode="edge")).convert("RGB")
    size = (around.width * ENLARGED, around.height * ENLARGED)
    large = around.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(
        large.rotate(-tilt, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128))
    )


def share_right(model: Model, crops: list[np.ndarray], labels: np.ndarray) -> float:
    found = [int(model.logits(crop).argmax()) for crop in crops]
    return float(np.mean(found == labels))


def cut(pixels: np.ndarray, found: Detection, *, upright: bool) -> np.ndarray:
    side = DETECTORS["centerface"].framed(found.box)
    square = framing.square_about(found.box, side)
    return framing.cut_upright(pixels, square, found.tilt if upright else 0)


def main() -> None:
    model = open_model("models/default")
    pixels = files.read_npz(Path("data/images.npz"))["pixels"]
    labels = files.read_npz(Path("data/labels.npz"))["labels"]
    test = files.read_npz(Path("data/split.npz"))["test"]
    rows = np.random.default_rng(SEED).choice(test, IMAGES, replace=False)
    for tilt in TILTS:
        photos = {row: photo(pixels[row], tilt) for row in rows}
        faces = {row: DETECTORS["centerface"].find(photos[row]) for row in rows}
        found = [row for row in rows if faces[row]]
        as_found, upright = (
            [cut(photos[row], faces[row][0], upright=turn) for row in found]
            for turn in (False, True)
        )
        known = labels[found]
        logger.info(
            "tilt %d: found %.0f%% of %d; of these right: %.1f%% as they are in FER2013, %.1f%% "
            "found and framed, %.1f%% found, framed and turned upright.",
            *(tilt, 100 * len(found) / len(rows), len(rows)),
            *(100 * share_right(model, [pixels[row] for row in found], known),),
            *(100 * share_right(model, crops, known) for crops in (as_found, upright)),
        )


if __name__ == "__main__":
    command.run(main)
