"""Equations (1) and (2) of the paper: how fast a network learns, and how fast it overfits."""

import numpy as np


def mean_convergence_rate(metric: np.ndarray, first: int, last: int) -> float:
    """Return how much a training metric changes per epoch, on average.

    A rising accuracy gives a positive rate, a falling loss a negative one.

    Args:
        metric: One value per epoch, shape (E,), epoch 1 first. Accuracy is a
            fraction in [0, 1]; loss is a cross-entropy in nats.
        first: First epoch of the window, counted from 1.
        last: Last epoch of the window, included.

    Returns:
        The mean of metric[i] - metric[i-1] over the window's epochs i, in units
        of `metric` per epoch. Epoch 1 has nothing before it and adds no term.

    Raises:
        ValueError: If the window leaves the history or holds no such difference.

    Source:
        The paper, eq. (1); Tables 2 and 3 use epochs 1-5, 6-10, 11-15, 16-20.
        What precedes epoch 1 is our choice: docs/choices.md, C3.

    >>> mean_convergence_rate(np.array([0.25, 0.5, 0.625]), first=1, last=3)
    0.1875
    """
    num_epochs = len(metric)
    if not 1 <= first <= last <= num_epochs or last == 1:
        raise ValueError(
            f"No rate for epochs {first}-{last}: it needs two epochs in a row out of the "
            f"history's {num_epochs}. Pick a window within 1-{num_epochs}, or train longer "
            "(`train.epochs` in params.yaml)."
        )
    # differences[k] leads to epoch k + 2: epoch 1 has none.
    differences = np.diff(metric)
    return float(
        np.mean(differences[last - 1 - num_differences(first, last) : last - 1])
    )


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
        The mean of (train[i] - val[i]) - (train[i-1] - val[i-1]) over the window's
        epochs i, in units of the metric per epoch. Epoch 1 adds no term.

    Raises:
        ValueError: If the two histories differ in length, or the window leaves them
            or holds no such difference.

    Source:
        The paper, eq. (2); Tables 4 and 5. What precedes epoch 1 is our choice:
        docs/choices.md, C3.

    >>> mean_overfitting_rate(np.array([0.25, 0.5]), np.array([0.25, 0.375]), 1, 2)
    0.125
    """
    if len(train) != len(val):
        raise ValueError(
            f"No overfitting rate: training has {len(train)} epochs and validation "
            f"{len(val)}. Give one value of each per epoch."
        )
    return mean_convergence_rate(np.subtract(train, val), first, last)


def windows(num_epochs: int, size: int) -> list[tuple[int, int]]:
    """Return the first and last epoch of each window that holds a difference.

    The last window ends where the history does, even if it is shorter than `size`.

    >>> windows(num_epochs=12, size=5)
    [(1, 5), (6, 10), (11, 12)]
    """
    bounds = [
        (first, min(first + size - 1, num_epochs))
        for first in range(1, num_epochs + 1, size)
    ]
    # Epoch 1 alone has no predecessor (C3); every other epoch has one.
    return [(first, last) for first, last in bounds if last > 1]


def window_name(first: int, last: int) -> str:
    """Name a window of epochs.

    >>> window_name(6, 10)
    '6-10'
    """
    return f"{first}-{last}"


def window_bounds(name: str) -> tuple[int, int]:
    """Return the first and the last epoch of a window.

    >>> window_bounds("6-10")
    (6, 10)
    """
    first, last = name.split("-")
    return int(first), int(last)


def num_differences(first: int, last: int) -> int:
    """Count the differences between epochs that a window averages (C3).

    >>> num_differences(1, 5), num_differences(6, 10)
    (4, 5)
    """
    return last - max(first, 2) + 1
