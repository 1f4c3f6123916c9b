"""The synthetic faces of the demo: an identity and an expression each, from no photograph.

The images of a face also differ in position, tilt, light, noise and the strength of the
expression, so that telling the emotions apart is possible and takes some learning.
"""

import numpy as np
from PIL import Image

from fer_transfer.data.faces import IMAGE_SIZE
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.synthetic import face
from fer_transfer.synthetic.face import EXPRESSIONS, Expression, Identity


def draw(
    num_images: int, num_identities: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw faces: every emotion equally often, and every identity within each emotion.

    Returns:
        Pixels (N, 48, 48) uint8, labels (N,) uint8 (positions in EMOTIONS) and identities
        (N,) int64, in random order. The same arguments give the same bytes.
    """
    random = np.random.default_rng(seed)
    people = [_identity(number, seed) for number in range(num_identities)]
    order = random.permutation(num_images)
    labels = order % len(EMOTIONS)
    identities = order // len(EMOTIONS) % num_identities
    pixels = [
        _photograph(people[identity], EXPRESSIONS[EMOTIONS[label]], random)
        for identity, label in zip(identities, labels, strict=True)
    ]
    return np.stack(pixels), labels.astype(np.uint8), identities.astype(np.int64)


def _identity(number: int, seed: int) -> Identity:
    random = np.random.default_rng([seed, number])
    hair_style = number % 4  # in turn: a few identities already differ at a glance
    skin = random.uniform(110, 225)
    return Identity(
        width=random.uniform(13, 16),
        height=random.uniform(17.5, 20),
        skin=skin,
        hair=random.uniform(15, 0.55 * skin),
        hair_style=hair_style,
        beard=hair_style < 2 and bool(random.random() < 0.5),
        eyes_apart=random.uniform(5.5, 7),
        brow_thickness=random.uniform(0.9, 1.8),
        nose_length=random.uniform(5, 7),
        nose_width=random.uniform(1.6, 3),
        mouth_width=random.uniform(4.3, 5.6),
    )


def _photograph(
    person: Identity, expression: Expression, random: np.random.Generator
) -> np.ndarray:
    """Draw a face and vary what differs between two photographs of it; (48, 48) uint8."""
    rest, full = np.array(EXPRESSIONS["neutral"]), np.array(expression)
    shown = Expression(*(rest + random.uniform(0.75, 1.1) * (full - rest)).tolist())
    drawn = face.draw_face(person, shown, random.uniform(50, 210))
    return _light(_frame(drawn, random), random)


def _frame(drawn: Image.Image, random: np.random.Generator) -> np.ndarray:
    """Tilt the face, leave it a little off the middle and reduce it to its final size."""
    tilted = drawn.rotate(random.uniform(-6, 6), Image.Resampling.BILINEAR)
    small = np.asarray(tilted.reduce(face.ENLARGED))
    left, top = random.integers(face.MARGIN - 2, face.MARGIN + 3, size=2)
    return small[top : top + IMAGE_SIZE, left : left + IMAGE_SIZE]


def _light(framed: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Light the face from one side, a little too strongly or weakly, and add grain."""
    across = np.linspace(-1, 1, IMAGE_SIZE)
    from_left, from_above = random.uniform(-0.2, 0.2, size=2)
    slope = from_left * across + from_above * across[:, None]
    lit = framed * (random.uniform(0.8, 1.1) + slope)
    grainy: np.ndarray = np.clip(lit + random.normal(0, 5, lit.shape), 0, 255)
    return grainy.astype(np.uint8)
