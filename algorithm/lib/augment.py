"""Augmented views of faces: what varies between two photos of the same expression.

A view is a face's number and the values of its transform; its pixels are made when the
backbone needs them, and stored nowhere.
"""

import cv2
import numpy as np

from algorithm.lib.settings import Views
from fer_transfer.data.fer2013 import IMAGE_SIZE

MOST = 20  # views of one face: more of the same would teach little else

Plan = dict[str, np.ndarray]  # face, flip, shift, rotation, scale, brightness: (V, ...)


def views_per_face(labels: np.ndarray, settings: Views) -> np.ndarray:
    """Return how many views each training face gets, (n,) int64, given their labels (n,).

    With `balance: views` the faces of a rarer class get more, until its vectors, faces and
    views together, are about as many as the largest class's.

    >>> views_per_face(np.array([0, 0, 0, 1]), Views(number=1, balance="views")).tolist()
    [1, 1, 1, 5]
    """
    number = np.full(len(labels), settings.number)
    if settings.balance == "views":
        counts = np.bincount(labels)
        wanted = (1 + settings.number) * counts.max() / counts[labels] - 1
        number = np.round(np.minimum(wanted, max(MOST, settings.number))).astype(int)
    return number


def draw_views(
    faces: np.ndarray, number: np.ndarray, settings: Views, seed: int
) -> Plan:
    """Draw the transforms of the views of `faces` (n,), `number` (n,) of each.

    Returns:
        face (V,) int64; flip (V,) bool; shift (V, 2) pixels to the right and down; rotation
        (V,) degrees; scale and brightness (V,) factors. Uniform within the settings' bounds.
    """
    random = np.random.default_rng(seed)
    face = np.repeat(faces, number)
    most = {
        "shift": settings.shift,
        "rotation": settings.rotation,
        "scale": settings.scale / 100,
        "brightness": settings.brightness / 100,
    }
    drawn = random.uniform(-1, 1, (len(face), 5))
    return {
        "face": face.astype(np.int64),
        "flip": settings.flip & (random.random(len(face)) < 0.5),
        "shift": drawn[:, :2] * most["shift"],
        "rotation": drawn[:, 2] * most["rotation"],
        "scale": 1 + drawn[:, 3] * most["scale"],
        "brightness": 1 + drawn[:, 4] * most["brightness"],
    }


def render(images: np.ndarray, plan: Plan) -> np.ndarray:
    """Return the views of a plan, (V, 48, 48) uint8, of the faces `images` (F, 48, 48)."""
    views = np.empty((len(plan["face"]), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for number, face in enumerate(plan["face"]):
        views[number] = transform(
            images[face], **{key: plan[key][number] for key in plan if key != "face"}
        )
    return views


def transform(
    image: np.ndarray,
    flip: bool,
    shift: np.ndarray,
    rotation: float,
    scale: float,
    brightness: float,
) -> np.ndarray:
    """Flip, then turn and scale about the middle, then shift, then brighten one face.

    What comes in from outside the image is the image mirrored at its border.
    """
    middle = (IMAGE_SIZE - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), rotation, scale)
    matrix[:, 2] += shift
    moved = cv2.warpAffine(
        np.ascontiguousarray(image[:, ::-1] if flip else image),
        matrix,
        (IMAGE_SIZE, IMAGE_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.clip(np.round(moved * brightness), 0, 255).astype(np.uint8)
