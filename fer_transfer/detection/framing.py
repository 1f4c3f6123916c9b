"""Cut a face out of a photo as FER2013's makers cut theirs: a square, grey, 48x48."""

import numpy as np
from PIL import Image, ImageOps

from fer_transfer.data.faces import IMAGE_SIZE
from fer_transfer.detection.boxes import Box

LEAST_TILT = 10  # degrees: from here on a face is turned upright (docs/photos.md)
CONTEXT = 2  # times the square: rotating needs what surrounds it
SUPERSAMPLING = 2  # times 48 pixels while a face is rotated, as rotating blurs


def cut(pixels: np.ndarray, square: Box, size: int = IMAGE_SIZE) -> np.ndarray:
    """Cut a square out of RGB (h, w, 3) as grey (size, size) uint8.

    What lies outside the photo repeats its border. Grey is what FER2013's readers make of
    colour (ITU-R 601), and downscaling averages, so that fine patterns do not alias.
    """
    height, width = pixels.shape[:2]
    rows, top = _clamped(square.top, square.height, height)
    columns, left = _clamped(square.left, square.width, width)
    grey = Image.fromarray(pixels[rows[:, None], columns]).convert("L")
    box = (left, top, left + square.width, top + square.height)
    return np.asarray(grey.resize((size, size), Image.Resampling.BILINEAR, box=box))


def cut_upright(pixels: np.ndarray, square: Box, tilt: float) -> np.ndarray:
    """Cut a square as `cut` does, a tilted face turned upright about its middle.

    Args:
        pixels: RGB (h, w, 3).
        square: Where the face is, as if it were upright.
        tilt: Degrees clockwise. Small ones are left: FER2013's faces have them too.
    """
    if abs(tilt) < LEAST_TILT:
        return cut(pixels, square)
    around = square.square(CONTEXT * square.width)
    large = cut(pixels, around, CONTEXT * SUPERSAMPLING * IMAGE_SIZE)
    turned = Image.fromarray(large).rotate(tilt, Image.Resampling.BILINEAR)
    upright = ImageOps.crop(turned, (CONTEXT - 1) * SUPERSAMPLING * IMAGE_SIZE // 2)
    return np.asarray(upright.reduce(SUPERSAMPLING))


def _clamped(start: float, length: float, limit: int) -> tuple[np.ndarray, float]:
    """Return the rows that a square touches, clamped to the image.

    Also where the square starts within them, as a fraction of a pixel.
    """
    first = int(np.floor(start))
    last = max(int(np.ceil(start + length)), first + 1)
    return np.clip(np.arange(first, last), 0, limit - 1), start - first
