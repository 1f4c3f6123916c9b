"""Calibration of predicted probabilities, before and after temperature scaling.

Source: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017, arXiv:1706.04599).
"""

from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_softmax, softmax

NUM_BINS = 15  # section 5 of the source
LOWEST, HIGHEST = 0.01, 100.0  # temperatures that are tried

# What is less likely counts as this, as in `scores.cross_entropy`: float32 writes 0 for it, or
# noise.
LEAST = np.finfo(np.float64).eps


def reliability(
    labels: np.ndarray, probabilities: np.ndarray, num_bins: int = NUM_BINS
) -> list[dict[str, Any]]:
    """Return the bins of a reliability diagram: confidence and accuracy of images by confidence.

    Args:
        labels: Codes, shape (N,).
        probabilities: Shape (N, K); the largest of a row is the network's confidence.
        num_bins: Bins of equal width over [0, 1]; each holds its upper edge.

    Returns:
        A record a bin, from unsure to sure: above and up_to (its edges), images (how many),
        confidence and accuracy (means over them; None if there are none).
    """
    exact = _normalised(probabilities)
    confidence, correct = exact.max(axis=1), exact.argmax(axis=1) == labels
    edges = np.linspace(0, 1, num_bins + 1)
    bins = np.searchsorted(edges, confidence, side="left") - 1

    def describe(number: int) -> dict[str, Any]:
        inside = bins == number
        means = [
            float(values[inside].mean()) if inside.any() else None
            for values in (confidence, correct)
        ]
        return {
            "above": float(edges[number]),
            "up_to": float(edges[number + 1]),
            "images": int(inside.sum()),
            "confidence": means[0],
            "accuracy": means[1],
        }

    return [describe(number) for number in range(num_bins)]


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, num_bins: int = NUM_BINS
) -> float:
    """Return the expected calibration error: |confidence - accuracy|, averaged over the images.

    Eq. (3) of the source: the mean over bins, weighed by their images, of the distance
    between mean confidence and accuracy; a share in [0, 1], 0 for a network that is right
    as often as it claims. On few images luck alone keeps it above 0.

    >>> expected_calibration_error(np.array([0, 0]), np.array([[0.75, 0.25], [0.25, 0.75]]))
    0.25
    """
    bins = reliability(labels, probabilities, num_bins)
    gaps = [
        row["images"] * abs(row["accuracy"] - row["confidence"])
        for row in bins
        if row["images"]
    ]
    return float(sum(gaps) / len(labels))


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature that makes the labels most likely.

    Section 4.2 of the source: every logit is divided by one number, which changes how sure
    the network is and never what it predicts. Above 1 the network was too sure, below 1 too
    unsure; 1 where no other one is better.

    Args:
        labels: Codes, shape (N,), of images that neither trained nor tested the network.
        probabilities: Shape (N, K). Their logarithms serve as logits, from which they
            differ by a number an image, which softmax takes no notice of.
    """
    logits, images = _logits(probabilities), np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[images, labels].mean())

    # In 1/T the loss is convex, so there is one minimum.
    bounds = (np.log(LOWEST), np.log(HIGHEST))
    best = minimize_scalar(
        loss, bounds=bounds, method="bounded", options={"xatol": 1e-7}
    )
    return float(np.exp(best.x)) if best.fun < loss(0) else 1.0


def cautious_temperature(
    labels: np.ndarray, probabilities: np.ndarray
) -> dict[str, Any]:
    """Return the temperature nearest to 1 that the images do not contradict.

    On few images the most likely temperature may be anything: nine that are all recognised
    make it 0.01, and every prediction certain. The likelihood-ratio interval of 95% says what
    they support. Where it holds 1 the temperature is 1, else its end that is nearer to 1; with
    many images that is about the most likely one. In simulation the loss of other images does
    not rise by it, from nine images on (tests/test_calibration.py).

    Args:
        labels: Codes, shape (N,), of images that neither trained nor tested the classifier.
        probabilities: Shape (N, K).

    Returns:
        value; images: N; interval: the lowest and highest temperature that are supported,
        within those that are tried.

    Source:
        Wilks, "The large-sample distribution of the likelihood ratio for testing composite
        hypotheses", Annals of Mathematical Statistics 9 (1938).
    """
    logits, images = _logits(probabilities), np.arange(len(labels))

    def contradiction(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(scaled[images, labels].sum()) - least

    least = 0.0
    best = float(np.log(fit_temperature(labels, probabilities)))
    least = contradiction(best) + float(stats.chi2.ppf(0.95, df=1)) / 2
    low, high = (
        end
        if contradiction(end) <= 0
        else brentq(contradiction, *sorted((best, end)), xtol=1e-6)
        for end in (np.log(LOWEST), np.log(HIGHEST))
    )
    return {
        "value": float(np.exp(np.clip(0, low, high))),
        "images": len(labels),
        "interval": [float(np.exp(low)), float(np.exp(high))],
    }


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities (N, K), float64, as if every logit were divided by this."""
    scaled: np.ndarray = softmax(_logits(probabilities) / temperature, axis=1)
    return scaled


def _normalised(probabilities: np.ndarray) -> np.ndarray:
    exact = probabilities.astype(np.float64)
    scaled: np.ndarray = exact / exact.sum(axis=1, keepdims=True)
    return scaled


def _logits(probabilities: np.ndarray) -> np.ndarray:
    logits: np.ndarray = np.log(np.maximum(_normalised(probabilities), LEAST))
    return logits
