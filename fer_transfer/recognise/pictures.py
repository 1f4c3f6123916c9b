"""A photo with a numbered box around each face and the emotion beside it."""

import base64
import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_transfer.detection.boxes import Box
from fer_transfer.recognise.face import Face

LONGEST = 1280  # pixels of the longer side
COLOUR, INK = "#ffd23f", "#1c2128"  # seen on light and dark photos
PADDING = 3  # pixels around a label's text


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


def percent(share: float, digits: int = 1) -> str:
    """Write a share in per cent; one that is not certain does not read as certain.

    >>> percent(0.5942), percent(0.99984), percent(0.998, 0), percent(0.002, 0)
    ('59.4%', '>99.9%', '>99%', '<1%')
    """
    least = 10**-digits
    if 100 - least / 2 <= 100 * share < 100:
        return f">{100 - least:.{digits}f}%"
    if 0 < 100 * share < least / 2:
        return f"<{least:.{digits}f}%"
    return f"{share:.{digits}%}"


def draw(pixels: np.ndarray, faces: Sequence[Face]) -> Image.Image:
    """Return RGB (h, w, 3) as an image, reduced, with the faces marked."""
    image = Image.fromarray(pixels)
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR, reducing_gap=3)
    scale = max(image.size) / max(pixels.shape[:2])
    boxes = [Box(*(side * scale for side in face.box)) for face in faces]
    pen = ImageDraw.Draw(image)
    for box in boxes:
        pen.rectangle(box.corners, outline=COLOUR, width=max(2, round(box.width / 50)))
    taken = list(boxes)
    for face, box in zip(faces, boxes, strict=True):
        taken.append(_label(image, face, box, taken))
    return image


def _label(image: Image.Image, face: Face, box: Box, taken: list[Box]) -> Box:
    """Name the emotion where that covers no face and no label, else number the face in its box."""
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(min(28, max(12, round(box.width / 7))))
    certainty = "unsure" if face.unsure else percent(face.probability, 0)
    for text in (f"{face.number} {face.emotion} {certainty}", str(face.number)):
        _, _, width, height = pen.textbbox((0, 0), text, font=font)
        width, height = width + 2 * PADDING, height + 2 * PADDING
        left = min(max(0, box.left), max(0, image.width - width))
        tops = box.top - height, box.top + box.height + 1
        places = [Box(left, top, width, height) for top in tops]
        if free := [place for place in places if _is_free(place, image, taken)]:
            break
    [place, *_] = free or [Box(max(0, box.left), max(0, box.top), width, height)]
    pen.rectangle(place.corners, fill=COLOUR)
    pen.text((place.left + PADDING, place.top), text, fill=INK, font=font)
    return place


def _is_free(place: Box, image: Image.Image, taken: list[Box]) -> bool:
    is_inside = place.top >= 0 and place.top + place.height <= image.height
    return is_inside and not any(map(place.shared, taken))
