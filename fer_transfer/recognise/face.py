"""One face and the emotion that a model sees in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_transfer.detection.boxes import Box

COLUMNS = ("face", *Box._fields, "score", "tilt", "emotion", "probability", "unsure")


@dataclass(frozen=True, eq=False)  # arrays have no truth value
class Face:
    """A face and the emotion that a model sees in it."""

    number: int  # in the photo from left to right, or in the video
    box: Box  # pixels of the photo as it is displayed
    score: float | None  # the detector's; None where the image was taken whole
    tilt: float  # degrees clockwise from upright
    probabilities: dict[str, float]  # calibrated, by emotion
    unsure_below: float  # the threshold that the highest probability is compared with
    crop: np.ndarray  # (48, 48) uint8: the input of the model

    @property
    def emotion(self) -> str:
        """The most probable emotion."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def probability(self) -> float:
        """The highest probability."""
        return self.probabilities[self.emotion]

    @property
    def unsure(self) -> bool:
        """Whether the highest probability is below the threshold."""
        return self.probability < self.unsure_below

    @property
    def shares(self) -> np.ndarray:
        """The probabilities (classes,) in the order of the classes."""
        return np.array(list(self.probabilities.values()))

    @property
    def values(self) -> list[Any]:
        """What COLUMNS hold of it."""
        place = [self.number, *self.box, self.score, self.tilt]
        return [*place, self.emotion, self.probability, self.unsure]


def columns(classes: Iterable[str]) -> list[str]:
    """Return COLUMNS and a column for each probability, whatever the class is called."""
    return [*COLUMNS, *(f"p_{name}" for name in classes)]


def by_emotion(classes: Iterable[str], shares: Iterable[float]) -> dict[str, float]:
    """Return probabilities by emotion, to six significant digits."""
    return dict(zip(classes, (float(f"{share:.6g}") for share in shares), strict=True))
