"""Scores of predictions, the baselines that use no image, the confusion matrix."""

from typing import Any

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    recall_score,
)

from fer_transfer.data.fer2013 import EMOTIONS

CODES = range(len(EMOTIONS))


def score(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Score the probabilities (N, 7) of N images against their labels (N,).

    Returns:
        images: N. accuracy and macro_f1: fractions in [0, 1]; macro_f1 weighs all seven
        emotions alike. loss: cross-entropy in nats. recall: by emotion, the share of its
        images that were recognised. What no image tells is None.
    """
    if not len(labels):
        unknown = {"accuracy": None, "loss": None, "macro_f1": None}
        return {"images": 0, **unknown, "recall": dict.fromkeys(EMOTIONS)}
    predicted = probabilities.argmax(axis=1)
    return {
        "images": len(labels),
        "accuracy": float(accuracy_score(labels, predicted)),
        "loss": cross_entropy(labels, probabilities),
        "macro_f1": float(
            f1_score(labels, predicted, labels=CODES, average="macro", zero_division=0)
        ),
        "recall": _recall(labels, predicted),
    }


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of -ln(probability of the right label), in nats."""
    # In float64: scikit-learn cuts probabilities at the smallest step of their type, and
    # float32's, 1e-7, would hide how sure a network is of its mistakes. The sums are off
    # by float32's rounding, so they are set right in float64.
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    return float(log_loss(labels, exact, labels=CODES))


def baseline(labels: np.ndarray) -> dict[str, float]:
    """Return the scores of the baselines on `labels` (N,); none of them uses the images.

    Returns:
        accuracy: of the majority-class baseline. prior_loss: cross-entropy in nats of predicting
        the classes' shares. uniform_loss: of seven equal shares.
    """
    shares = np.bincount(labels, minlength=len(EMOTIONS)) / len(labels)
    present = shares[shares > 0]
    return {
        "accuracy": float(shares.max()),
        "prior_loss": float(-np.sum(present * np.log(present))),
        "uniform_loss": float(np.log(len(EMOTIONS))),
    }


def confusion(labels: np.ndarray, predicted: np.ndarray) -> list[dict[str, Any]]:
    """Count the confusion matrix of the codes (N,) of labels and predictions.

    Returns:
        A record for each of the 49 pairs, in the order of EMOTIONS: actual, predicted,
        images (how many) and share (of the actual emotion's images; None if it has none).
    """
    counts = confusion_matrix(labels, predicted, labels=CODES)
    return [
        {
            "actual": actual,
            "predicted": EMOTIONS[column],
            "images": int(row[column]),
            "share": float(row[column] / row.sum()) if row.sum() else None,
        }
        for actual, row in zip(EMOTIONS, counts, strict=True)
        for column in CODES
    ]


def _recall(labels: np.ndarray, predicted: np.ndarray) -> dict[str, float | None]:
    shares = recall_score(
        labels, predicted, labels=CODES, average=None, zero_division=0
    )
    # scikit-learn's 0 for an emotion without images would read as "never recognised".
    present = np.isin(CODES, labels)
    return {
        emotion: float(share) if there else None
        for emotion, share, there in zip(EMOTIONS, shares, present, strict=True)
    }
