"""A photo with a box about each face and what it shows."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_transfer.core import files

LONGEST = 1280  # pixels of the longer side
COLOUR, INK = "#ffd23f", "#1c2128"  # seen on light and dark photos


class Shown(Protocol):
    """What a picture says of a face."""

    @property
    def box(self) -> list[float]: ...
    @property
    def emotion(self) -> str: ...
    @property
    def probabilities(self) -> dict[str, float]: ...


def name_for(path: str) -> str:
    """Return a file name that no other path has: its own name, and a hash of where it lies.

    >>> name_for("holiday/Größe 1.jpg")
    'Gr-e-1-ac72ba48.jpg'
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(path).stem)[:60]
    return f"{stem}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}.jpg"


def draw(pixels: np.ndarray, faces: Sequence[Shown], target: Path) -> None:
    """Write RGB (h, w, 3), reduced, with the faces marked, as a JPEG."""
    image = Image.fromarray(pixels)
    scale = min(1.0, LONGEST / max(image.size))
    size = [max(1, round(side * scale)) for side in image.size]
    image = image.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=3)
    pen = ImageDraw.Draw(image)
    for number, face in enumerate(faces, start=1):
        share = face.probabilities.get(face.emotion)  # None: unsure
        label = f"{number} {face.emotion}" + ("" if share is None else f" {share:.0%}")
        _mark(pen, [side * scale for side in face.box], label, image.size)
    with files.atomic_write(target) as part:
        image.save(part, format="JPEG", quality=85)


def _mark(
    pen: ImageDraw.ImageDraw, box: list[float], label: str, size: tuple[int, int]
) -> None:
    left, top, width, height = box
    thick = max(2, round(width / 50))
    pen.rectangle((left, top, left + width, top + height), outline=COLOUR, width=thick)
    font = ImageFont.load_default(min(28, max(12, round(width / 7))))
    _, _, wide, high = pen.textbbox((0, 0), label, font=font)
    x = min(max(0, left), max(0, size[0] - wide - 8))
    y = top - high - 6 if top > high + 6 else min(top + height, size[1] - high - 6)
    pen.rectangle((x, y, x + wide + 8, y + high + 6), fill=COLOUR)
    pen.text((x + 4, y + 2), label, fill=INK, font=font)
