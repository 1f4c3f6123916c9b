"""The metadata of a model file: classes, calibration, scores and origin, as ONNX properties."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.scoring.wilson import wilson_interval

FORMAT = "fer-transfer onnx 1"
FRAMING = "fer2013"


@dataclass(frozen=True)
class Metadata:
    """What a model file says of itself."""

    name: str
    classes: tuple[str, ...]  # in the order of the probabilities
    temperature: float  # divides the logits, inside the file; 1: not calibrated
    calibrated_on: int  # faces that the temperature rests on
    data: str  # what it was trained on
    licence: str
    run: str
    commit: str
    scores: dict[str, Any]  # of `score`
    framing: str = FRAMING
    format: str = FORMAT

    def properties(self) -> dict[str, str]:
        """Return ONNX's metadata properties; each value is JSON."""
        return {name: json.dumps(value) for name, value in vars(self).items()}

    @property
    def accuracy(self) -> str:
        """State the test accuracy in one line.

        >>> test = {"test_set": "FER2013", "images": 7177, "accuracy": 0.6, "interval": [0.59, 0.61]}
        >>> Metadata("x", ("a", "b"), 1, 0, "", "", "", "", test).accuracy
        '60.0% (95% interval 59.0% to 61.0%) of 7,177 images of FER2013'
        """
        low, high = self.scores["interval"]
        return (
            f"{self.scores['accuracy']:.1%} (95% interval {low:.1%} to {high:.1%}) of "
            f"{self.scores['images']:,} images of {self.scores['test_set']}"
        )


def read(properties: Mapping[str, str], file: str) -> Metadata:
    """Read the properties of a model file.

    Raises:
        InputError: If they are missing or do not describe a model that this program can use.
    """
    try:
        values = {
            field.name: json.loads(properties[field.name]) for field in fields(Metadata)
        }
    except KeyError as error:
        raise _refused(file, f"its metadata lack {error}") from None
    except ValueError as error:
        raise _refused(file, f"its metadata are not JSON ({error})") from None
    for name, expected in {"format": FORMAT, "framing": FRAMING}.items():
        if values[name] != expected:
            raise _refused(file, f"`{name}` is {values[name]!r}, not {expected!r}")
    classes = values["classes"]
    if not isinstance(classes, list) or len(set(map(str, classes))) < 2:
        raise _refused(file, f"`classes` must be two names or more, not {classes!r}")
    return Metadata(**values | {"classes": tuple(map(str, classes))})


def score(
    test_set: str, classes: Sequence[str], labels: np.ndarray, predicted: np.ndarray
) -> dict[str, Any]:
    """Score predictions (n,) against labels (n,), both codes of `classes`.

    Returns:
        test_set, images: n, accuracy, interval: Wilson's of 95%, by_class: images, recall and
        interval of each class (None for a class without images), confusion: images by label
        (rows) and prediction (columns).
    """
    size = len(classes)
    confusion = np.bincount(labels * size + predicted, minlength=size * size)
    confusion = confusion.reshape(size, size)
    totals, correct = confusion.sum(axis=1), confusion.diagonal()
    return {
        "test_set": test_set,
        "images": len(labels),
        **rate("accuracy", int(correct.sum()), len(labels)),
        "by_class": {
            name: {"images": int(n), **rate("recall", int(right), int(n))}
            for name, n, right in zip(classes, totals, correct, strict=True)
        },
        "confusion": confusion.tolist(),
    }


def rate(name: str, correct: int, total: int) -> dict[str, Any]:
    if not total:
        return {name: None, "interval": None}
    low, high = wilson_interval(correct, total)
    return {
        name: round(correct / total, 6),
        "interval": [round(low, 6), round(high, 6)],
    }


def _refused(file: str, why: str) -> InputError:
    return InputError(
        f"{file} is not a model of this program: {why}. Expected an ONNX file that `python -m "
        "tools.export` writes (docs/photos.md)."
    )
