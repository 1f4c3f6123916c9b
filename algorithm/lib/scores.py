"""Scores of predictions over classes of any names, with the interval that their number leaves."""

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.metrics import confusion_matrix, log_loss, recall_score
from sklearn.pipeline import Pipeline

from fer_transfer.scoring.significance import wilson_interval

LEAST = np.finfo(np.float64).eps  # a probability below counts as this


def probabilities(
    fitted: Pipeline, vectors: np.ndarray, num_classes: int
) -> np.ndarray:
    """Return each class's probability, (n, num_classes) float64.

    Of a classifier without probabilities, the softmax of its decision function: right in its
    order, and as sure as it happens to be until a temperature sets that right. A class that
    the classifier has not seen has probability 0.
    """
    found = np.zeros((len(vectors), num_classes))
    if has_probabilities(fitted):
        found[:, fitted.classes_] = fitted.predict_proba(vectors)
        return found
    decision = fitted.decision_function(vectors)
    if decision.ndim == 1:  # two classes: one number, for the second
        decision = np.stack([np.zeros_like(decision), decision], axis=1)
    found[:, fitted.classes_] = softmax(decision, axis=1)
    return found


def has_probabilities(fitted: Pipeline) -> bool:
    """Return whether a classifier gives probabilities of its own."""
    return hasattr(fitted, "predict_proba")


def score(labels: np.ndarray, shares: np.ndarray, calibrated: bool) -> dict[str, Any]:
    """Score the probabilities (n, classes) of n faces against their labels (n,).

    Returns:
        faces: n. accuracy, with its Wilson interval of 95%. macro_recall: the mean over the
        classes that occur. loss: cross-entropy in nats, if the probabilities are `calibrated`
        or meant as such. What no face tells is None.
    """
    if not len(labels):
        return {"faces": 0, "accuracy": None, "interval": None} | dict.fromkeys(
            ("macro_recall", "loss")
        )
    predicted = shares.argmax(axis=1)
    right = int((predicted == labels).sum())
    return {
        "faces": len(labels),
        "accuracy": right / len(labels),
        "interval": wilson_interval(right, len(labels)),
        "macro_recall": float(
            recall_score(labels, predicted, labels=np.unique(labels), average="macro")
        ),
        "loss": cross_entropy(labels, shares) if calibrated else None,
    }


def cross_entropy(labels: np.ndarray, shares: np.ndarray) -> float:
    """Return the mean of -ln(probability of the right class), in nats."""
    exact = np.maximum(shares, LEAST)
    exact /= exact.sum(axis=1, keepdims=True)
    return float(log_loss(labels, exact, labels=range(shares.shape[1])))


def recall(
    labels: np.ndarray, predicted: np.ndarray, classes: list[str]
) -> dict[str, Any]:
    """Return by class the share of its faces that were recognised, with its interval."""
    found: dict[str, Any] = {}
    for code, name in enumerate(classes):
        of_class = predicted[labels == code]
        right = int((of_class == code).sum())
        found[name] = {
            "faces": len(of_class),
            "recall": right / len(of_class) if len(of_class) else None,
            "interval": wilson_interval(right, len(of_class)),
        }
    return found


def confusion(
    labels: np.ndarray, predicted: np.ndarray, num_classes: int
) -> list[list[int]]:
    """Count the faces: a row for each label, a column for each prediction."""
    counts = confusion_matrix(labels, predicted, labels=range(num_classes))
    rows: list[list[int]] = counts.tolist()
    return rows
