"""One synthetic face: an identity and an expression, drawn in shapes and lines."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from fer_transfer.data.faces import IMAGE_SIZE

Pen = ImageDraw.ImageDraw
Point = tuple[float, float]

ENLARGED = 4  # a face is drawn this many times larger: Pillow does not smooth its edges
MARGIN = 6  # pixels around the image proper: what a tilt or a shift brings into view


class Expression(NamedTuple):
    """How a face departs from rest; lengths in pixels of the final image."""

    brow_raise: float = 0
    brow_tilt: float = 0  # the inner ends go down (anger) or, negative, up (grief)
    eye_open: float = 2.1  # half the height of the opening
    droop: float = 0  # the eyelids' outer ends go down
    smile: float = 0  # the corners of the mouth go up
    mouth_open: float = 0
    mouth_wide: float = 1  # times the width at rest
    mouth_skew: float = 0  # one corner goes up, the other down
    teeth: float = 0  # share of the opening
    wrinkles: float = 0  # of the nose: how dark, from 0 to 1


EXPRESSIONS = {
    "angry": Expression(-1.5, 2.6, eye_open=1.5, smile=-1.2, mouth_wide=0.85),
    "disgust": Expression(
        -1, 0.8, 1, smile=-1.2, mouth_open=1.8, mouth_skew=1.6, teeth=0.4, wrinkles=1
    ),
    "fear": Expression(
        1.6, -2.2, 3.1, smile=-1.3, mouth_open=3, mouth_wide=1.2, teeth=0.5
    ),
    "happy": Expression(0.4, 0, 1.6, smile=3, mouth_open=3, mouth_wide=1.3, teeth=0.6),
    "sad": Expression(0.2, -2.6, 1.5, droop=1.4, smile=-2.6),
    "surprise": Expression(2.6, 0, 3.2, mouth_open=7, mouth_wide=0.6),
    "neutral": Expression(),
}


class Identity(NamedTuple):
    """What two images of one face share: lengths in pixels, shades from 0 (black) to 255."""

    width: float
    height: float
    skin: float
    hair: float
    hair_style: int  # 0 bald, 1 short, 2 fringe, 3 long
    beard: bool
    eyes_apart: float
    brow_thickness: float
    nose_length: float
    nose_width: float
    mouth_width: float


def draw_face(
    person: Identity, expression: Expression, background: float
) -> Image.Image:
    """Draw an upright face with its margin, enlarged."""
    size = (IMAGE_SIZE + 2 * MARGIN) * ENLARGED
    image = Image.new("L", (size, size), int(background))
    pen = ImageDraw.Draw(image)
    _draw_head(pen, person)
    for side in (-1, 1):
        _draw_eye(pen, person, expression, side)
        _draw_brow(pen, person, expression, side)
    _draw_nose(pen, person, expression)
    _draw_mouth(pen, person, expression)
    return image


def _draw_head(pen: Pen, person: Identity) -> None:
    width, height, skin, hair = person.width, person.height, person.skin, person.hair
    if person.hair_style == 3:
        _oval(pen, 0, 0, width + 3.5, height + 2.5, hair)
        _oval(pen, 0, 16, width + 4, 14, hair)
    _shape(pen, [(-6, 10), (6, 10), (7, 30), (-7, 30)], 0.8 * skin)
    for side in (-1, 1):
        _oval(pen, side * width, 1, 1.8, 3.3, 0.85 * skin)
    if person.hair_style:
        _oval(pen, 0, -2, width + 1, height, hair)
    hairline = (0, 4, 6.5, 5)[person.hair_style]
    _oval(pen, 0, hairline / 2, width, height - hairline / 2, skin)
    if person.beard:
        _oval(pen, 0, 12, 0.75 * width, height - 12, 0.7 * skin)


def _draw_eye(pen: Pen, person: Identity, expression: Expression, side: int) -> None:
    """Draw one eye; `side` is -1 on the left and 1 on the right."""
    x, y, opening = side * person.eyes_apart, -3.0, expression.eye_open
    _oval(pen, x, y, 3, opening, 245)
    _oval(pen, x, y, 1.5, min(1.7, opening), 20)
    inner, outer = x - side * 3, x + side * 3
    lid, droop = y - opening, expression.droop
    edge = [(inner, lid + 1 - droop), (x, lid), (outer, lid + 1 + droop)]
    _shape(pen, [*edge, (outer, lid - 0.5), (inner, lid - 1.5)], 0.9 * person.skin)
    _line(pen, edge, 0.6, 0.3 * person.skin)


def _draw_brow(pen: Pen, person: Identity, expression: Expression, side: int) -> None:
    x, y = side * person.eyes_apart, -7.4 - expression.brow_raise
    tilt = expression.brow_tilt
    inner = (x - side * 3.6, y + tilt)
    outer = (x + side * 4, y + 0.6 - 0.4 * tilt)
    arch = [inner, (x + side * 0.6, y - 0.8), outer]
    _line(pen, arch, person.brow_thickness, 0.8 * min(person.hair, 90))


def _draw_nose(pen: Pen, person: Identity, expression: Expression) -> None:
    tip, width = person.nose_length - 2, person.nose_width
    ridge = [(-0.8, -2.0), (-width, tip - 0.8), (-width, tip), (width, tip)]
    _line(pen, ridge, 0.6, 0.65 * person.skin)
    if not expression.wrinkles:
        return
    fold = (1 - 0.6 * expression.wrinkles) * person.skin
    for y in (-3, -1.5):
        _line(pen, [(-1.5, y - 0.6), (1.5, y + 0.2)], 0.6, fold)
    for side in (-1, 1):
        ends = [(side * width, tip - 2), (side * (width + 3.5), tip + 4)]
        _line(pen, ends, 0.7, fold)


def _draw_mouth(pen: Pen, person: Identity, expression: Expression) -> None:
    across = np.linspace(-1, 1, 15)
    x = across * person.mouth_width * expression.mouth_wide
    lips_meet = 9.5 + expression.smile * (0.25 - across**2)
    opening = expression.mouth_open * (1 - across**2)
    top = lips_meet + expression.mouth_skew * across - 0.35 * opening
    upper, bite, lower = (
        list(zip(x.tolist(), (top + share * opening).tolist(), strict=True))
        for share in (0, expression.teeth, 1)
    )
    _shape(pen, upper + lower[::-1], 25)
    _shape(pen, upper + bite[::-1], 240)
    for lip in (upper, lower):
        _line(pen, lip, 0.9, 0.45 * person.skin)


def _oval(pen: Pen, x: float, y: float, wide: float, high: float, shade: float) -> None:
    """Fill an ellipse around (x, y), given half its width and half its height."""
    corners = [(x - wide, y - high), (x + wide, y + high)]
    pen.ellipse(_enlarged(corners), fill=int(shade))


def _shape(pen: Pen, outline: list[Point], shade: float) -> None:
    pen.polygon(_enlarged(outline), fill=int(shade))


def _line(pen: Pen, points: list[Point], width: float, shade: float) -> None:
    pen.line(_enlarged(points), int(shade), round(width * ENLARGED), "curve")


def _enlarged(points: list[Point]) -> list[Point]:
    """Place points given in pixels of the final image, (0, 0) being its middle."""
    middle = IMAGE_SIZE / 2 + MARGIN
    return [((x + middle) * ENLARGED, (y + middle) * ENLARGED) for x, y in points]
