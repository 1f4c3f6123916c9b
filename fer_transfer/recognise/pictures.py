"""A photo with a numbered box around each face and the emotion beside it."""

import base64
import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from fer_transfer.recognise.recogniser import Face

LONGEST = 1280  # pixels of the longer side
COLOUR, INK = "#ffd23f", "#1c2128"  # seen on light and dark photos
PADDING = 3  # pixels around a label's text

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def name_for(path: str, suffix: str = ".jpg") -> str:
    """Return a file name that no other path has: its own name and a hash of the path.

    >>> name_for("holiday/Größe 1.jpg")
    'Gr-e-1-ac72ba48.jpg'
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(path).stem)[:60]
    return f"{stem}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}{suffix}"


def address(image: Image.Image, kind: str, **options: int) -> str:
    """Return an image as an address that holds it; the options are Pillow's for that kind."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def draw(pixels: np.ndarray, faces: Sequence["Face"]) -> Image.Image:
    """Return RGB (h, w, 3) as an image, reduced, with the faces marked."""
    image = Image.fromarray(pixels)
    scale = min(1.0, LONGEST / max(image.size))
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        bilinear = Image.Resampling.BILINEAR
        image = image.resize((width, height), bilinear, reducing_gap=3)
    pen = ImageDraw.Draw(image)
    boxes = [_rectangle(face.box, scale) for face in faces]
    for box in boxes:
        thick = max(2, round((box[2] - box[0]) / 50))
        pen.rectangle(box, outline=COLOUR, width=thick)
    taken = list(boxes)
    for face, box in zip(faces, boxes, strict=True):
        percent = "unsure" if face.unsure else rounded_percent(face.probability)
        texts = f"{face.number} {face.emotion} {percent}", str(face.number)
        taken.append(_label(pen, box, texts, image.size, taken))
    return image


def rounded_percent(share: float) -> str:
    """Write a share as a whole per cent; what is not certain does not read as certain.

    >>> rounded_percent(0.998), rounded_percent(0.002), rounded_percent(0.61)
    ('>99%', '<1%', '61%')
    """
    if 0.995 <= share < 1:
        return ">99%"
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _rectangle(box: Sequence[float], scale: float) -> Rectangle:
    left, top, width, height = (side * scale for side in box)
    return left, top, left + width, top + height


def _label(
    pen: ImageDraw.ImageDraw,
    box: Rectangle,
    texts: tuple[str, str],
    size: tuple[int, int],
    taken: list[Rectangle],
) -> Rectangle:
    """Write the first text where it covers no face and no label, else the second in the box."""
    font = ImageFont.load_default(min(28, max(12, round((box[2] - box[0]) / 7))))
    for text in texts:
        _, _, width, height = pen.textbbox((0, 0), text, font=font)
        width, height = width + 2 * PADDING, height + 2 * PADDING
        x = min(max(0, box[0]), max(0, size[0] - width))
        for y in (box[1] - height, box[3] + 1):
            place = (x, y, x + width, y + height)
            inside = y >= 0 and place[3] <= size[1]
            if inside and not any(_overlap(place, other) for other in taken):
                return _write(pen, place, text, font)
    corner = max(0, box[0]), max(0, box[1])
    place = (*corner, corner[0] + width, corner[1] + height)
    return _write(pen, place, texts[1], font)


def _write(
    pen: ImageDraw.ImageDraw,
    place: Rectangle,
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> Rectangle:
    pen.rectangle(place, fill=COLOUR)
    pen.text((place[0] + PADDING, place[1]), text, fill=INK, font=font)
    return place


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return (
        one[0] < other[2]
        and other[0] < one[2]
        and one[1] < other[3]
        and other[1] < one[3]
    )
