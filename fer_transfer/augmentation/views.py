"""Augmented views of training faces: what differs between two photos of the same expression.

Source: the paper, section 6 (augmentation, to balance the classes and to make the model robust).
"""

from typing import NamedTuple

import cv2
import numpy as np

from fer_transfer.data.faces import IMAGE_SIZE
from fer_transfer.settings.searches import Views

MAX_PER_FACE = 20  # with `balance`


# An accuracy on so many has a margin of error of at most 1.96 * sqrt(0.25 / 1000) = 3.1 points
# (95%). With fewer, cross-validation of all faces but the test faces tells classifiers apart better.
MIN_VALIDATION_FACES = 1000


class Plan(NamedTuple):
    """The transforms of V views.

    Attributes:
        face: (V,) int64, the face that each shows.
        matrix: (V, 2, 3) float64, the affine map of a face's pixels (x, y, 1) to a view's.
        brightness: (V,) float64, what grey levels are multiplied by.
    """

    face: np.ndarray
    matrix: np.ndarray
    brightness: np.ndarray


def sets(split: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the train, val and test faces of a split, as classifiers use them.

    Fewer than MIN_VALIDATION_FACES validation faces become training faces, and val is empty.
    """
    train, val, test = split["train"], split["val"], split["test"]
    if len(val) < MIN_VALIDATION_FACES:
        train, val = np.sort(np.concatenate([train, val])), val[:0]
    return {"train": train, "val": val, "test": test}


def views_per_face(labels: np.ndarray, settings: Views) -> np.ndarray:
    """Return how many views each training face gets, (n,) int64, given their labels (n,).

    With `balance` the faces of a rarer class get more, until it has about as many vectors as
    the largest class, faces and views together.

    >>> views_per_face(np.array([0, 0, 0, 1]), Views(number=1, balance=True)).tolist()
    [1, 1, 1, 5]
    """
    if not settings.balance:
        return np.full(len(labels), settings.number)
    counts = np.bincount(labels)
    wanted = (1 + settings.number) * counts.max() / counts[labels] - 1
    number: np.ndarray = np.minimum(wanted.round(), max(MAX_PER_FACE, settings.number))
    return number.astype(int)


def draw(faces: np.ndarray, number: np.ndarray, settings: Views, seed: int) -> Plan:
    """Draw the transforms of `number` (n,) views of each of `faces` (n,).

    Each is uniform within the settings' bounds: mirror, rotate and scale about the middle, then
    shift and change the brightness.
    """
    random = np.random.default_rng(seed)
    face = np.repeat(faces, number).astype(np.int64)
    draws = random.uniform(-1, 1, (len(face), 5))
    mirrored = settings.flip & (random.random(len(face)) < 0.5)
    angle = np.deg2rad(settings.rotation) * draws[:, 2]
    scale = 1 + settings.scale / 100 * draws[:, 3]
    along, across = scale * np.cos(angle), scale * np.sin(angle)
    sign = np.where(mirrored, -1, 1)
    linear = np.stack([sign * along, across, -sign * across, along], axis=1)
    linear = linear.reshape(-1, 2, 2)
    middle = np.full(2, (IMAGE_SIZE - 1) / 2)
    offset = middle + settings.shift * draws[:, :2] - linear @ middle
    brightness = 1 + settings.brightness / 100 * draws[:, 4]
    return Plan(face, np.concatenate([linear, offset[..., None]], axis=2), brightness)


def render(images: np.ndarray, plan: Plan) -> np.ndarray:
    """Return the views of a plan, (V, 48, 48) uint8; outside a face its border is mirrored.

    Args:
        images: Of all faces, (N, 48, 48) uint8.
        plan: The transforms of the views.
    """
    views = np.empty((len(plan.face), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for view, face, matrix, brightness in zip(views, *plan, strict=True):
        moved = cv2.warpAffine(
            np.asarray(images[face]),
            matrix,
            view.shape,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        view[:] = np.clip(np.round(moved * brightness), 0, 255)
    return views
