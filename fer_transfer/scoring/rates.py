"""Equations (1) and (2) of the paper: how fast a network learns, and how fast it overfits."""

from collections.abc import Iterable

import numpy as np

Window = tuple[int, int]  # the first and the last epoch, counted from 1


def mean_convergence_rate(metric: np.ndarray, first: int, last: int) -> float:
    """Return how much a training metric changes per epoch, on average.

    A rising accuracy gives a positive rate, a falling loss a negative one.

    Args:
        metric: One value per epoch, shape (E,), epoch 1 first. Accuracy is a
            fraction in [0, 1]; loss is a cross-entropy in nats.
        first: First epoch of the window, counted from 1.
        last: Last epoch of the window, included.

    Returns:
        The mean of the window's last - first differences between successive epochs, in units
        of `metric` per epoch.

    Raises:
        ValueError: If the window leaves the history or holds no difference.

    Source:
        The paper, eq. (1). Which epochs a window of its tables spans: docs/choices.md, C3.

    >>> mean_convergence_rate(np.array([0.25, 0.5, 0.625]), first=1, last=3)
    0.1875
    """
    num_epochs = len(metric)
    if not 1 <= first < last <= num_epochs:
        raise ValueError(
            f"No rate from epoch {first} to {last}: it needs two epochs of the history's "
            f"{num_epochs}. Pick a window within 1-{num_epochs} (`tables.windows` in "
            "params.yaml), or train longer (`train.epochs`)."
        )
    return float(metric[last - 1] - metric[first - 1]) / (last - first)


def mean_overfitting_rate(
    train: np.ndarray, val: np.ndarray, first: int, last: int
) -> float:
    """Return how much training moves ahead of validation per epoch, on average.

    Overfitting gives a positive rate for accuracy, a negative one for loss.

    Args:
        train: The metric on the training set, one value per epoch, shape (E,),
            epoch 1 first. Accuracy is a fraction in [0, 1]; loss is in nats.
        val: The same metric on the validation set, shape (E,).
        first: First epoch of the window, counted from 1.
        last: Last epoch of the window, included.

    Returns:
        The mean over the window of the differences of train - val between successive
        epochs, in units of the metric per epoch.

    Raises:
        ValueError: If the two histories differ in length, or the window leaves them
            or holds no difference.

    Source:
        The paper, eq. (2).

    >>> mean_overfitting_rate(np.array([0.25, 0.5]), np.array([0.25, 0.375]), 1, 2)
    0.125
    """
    if len(train) != len(val):
        raise ValueError(
            f"No overfitting rate: training has {len(train)} epochs and validation "
            f"{len(val)}. Give one value of each per epoch."
        )
    return mean_convergence_rate(np.subtract(train, val), first, last)


def clip(windows: Iterable[Iterable[int]], num_epochs: int) -> list[Window]:
    """Return the windows that begin before the last epoch, cut off where the history ends.

    >>> clip([[1, 6], [6, 11], [11, 16]], num_epochs=8)
    [(1, 6), (6, 8)]
    """
    pairs = ((first, last) for first, last in windows)
    return [
        (first, min(last, num_epochs)) for first, last in pairs if first < num_epochs
    ]


def window_name(first: int, last: int) -> str:
    """Name a window of epochs.

    >>> window_name(6, 11)
    '6-11'
    """
    return f"{first}-{last}"
