"""A model that recognises emotions, wherever it comes from: a face in, probabilities out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest

from fer_transfer.console.errors import InputError


class Score(NamedTuple):
    """How a model did on a test set, with the interval that its size leaves open."""

    test_set: str
    images: int
    accuracy: float
    low: float
    high: float

    @property
    def label(self) -> str:
        """Say it in one line.

        >>> score_of("FER2013's test set", 7177, 0.604).label
        "60.4% (95% interval 59.3% to 61.5%) of 7,177 images of FER2013's test set"
        """
        return (
            f"{self.accuracy:.1%} (95% interval {self.low:.1%} to {self.high:.1%}) of "
            f"{self.images:,} images of {self.test_set}"
        )


@dataclass(frozen=True)
class Model:
    """What turns a face into probabilities."""

    name: str
    classes: tuple[str, ...]
    logits: Callable[[np.ndarray], np.ndarray]  # grey (48, 48) uint8 -> (classes,)
    temperature: float  # 1: as trained; above 1: less sure than that
    score: Score | None
    key: str  # changes when any number of it does
    remarks: tuple[str, ...] = field(default=())

    def probabilities(self, face: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities (classes,) of one face, grey (48, 48) uint8.

        One face a call: then neither the order nor the number of the others changes a digit.
        """
        logits = self.logits(face).astype(np.float64)
        return np.asarray(softmax(logits / self.temperature))


def score_of(test_set: str, images: int, accuracy: float) -> Score:
    """Give an accuracy its Wilson interval of 95%."""
    result = binomtest(round(accuracy * images), images)
    low, high = result.proportion_ci(0.95, method="wilson")
    return Score(test_set, images, accuracy, float(low), float(high))


def open_model(name: str) -> Model:
    """Open a model folder, or a run of the study by its name.

    Raises:
        InputError: If there is neither, or what is there is not what it should be.
    """
    # Both bring TensorFlow with them, which takes seconds: not before there is need.
    if Path(name, "model.json").exists() or Path(name).is_dir():
        from fer_transfer.recognise.model_folder import open_folder

        return open_folder(Path(name))
    from fer_transfer.recognise.study_run import open_run, run_names

    if name not in run_names():
        raise InputError(
            f"--model must be a model folder or a run of params.yaml ({', '.join(run_names())}). "
            f"Got `{name}` instead, which is neither. Check the name, or make the folder "
            "(docs/photos.md)."
        )
    return open_run(name)
