"""Scores of predictions, and the baselines that use no image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    recall_score,
)


def score(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> dict[str, Any]:
    """Score the probabilities (N, classes) of N images against their labels (N,).

    Returns:
        images: N. accuracy and macro_f1: fractions in [0, 1]; macro_f1 weighs all
        classes alike. loss: cross-entropy in nats. recall: by class, the share of its
        images that were recognised. What no image tells is None.
    """
    if not len(labels):
        unknown = {"accuracy": None, "loss": None, "macro_f1": None}
        return {"images": 0, **unknown, "recall": dict.fromkeys(classes)}
    predicted, codes = probabilities.argmax(axis=1), range(len(classes))
    return {
        "images": len(labels),
        "accuracy": float(accuracy_score(labels, predicted)),
        "loss": cross_entropy(labels, probabilities),
        "macro_f1": float(
            f1_score(labels, predicted, labels=codes, average="macro", zero_division=0)
        ),
        "recall": _recall(labels, predicted, classes),
    }


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of -ln(probability of the right label), in nats."""
    # In float64: scikit-learn cuts probabilities at the smallest step of their type, and
    # float32's, 1e-7, would hide how sure a network is of its mistakes. The sums are off
    # by float32's rounding, so they are set right in float64.
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    return float(log_loss(labels, exact, labels=range(exact.shape[1])))


def baseline(labels: np.ndarray, num_classes: int) -> dict[str, float]:
    """Return the scores of the baselines on `labels` (N,); none of them uses the images.

    Returns:
        accuracy: of the majority-class baseline. prior_loss: cross-entropy in nats of predicting
        the classes' shares. uniform_loss: of equal shares.
    """
    shares = np.bincount(labels, minlength=num_classes) / len(labels)
    present = shares[shares > 0]
    return {
        "accuracy": float(shares.max()),
        "prior_loss": float(-np.sum(present * np.log(present))),
        "uniform_loss": float(np.log(num_classes)),
    }


def _recall(
    labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> dict[str, float | None]:
    codes = range(len(classes))
    shares = recall_score(
        labels, predicted, labels=codes, average=None, zero_division=0
    )
    # scikit-learn's 0 for a class without images would read as "never recognised".
    present = np.isin(codes, labels)
    return {
        name: float(share) if there else None
        for name, share, there in zip(classes, shares, present, strict=True)
    }
