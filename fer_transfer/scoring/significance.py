"""Confidence intervals of shares and means, and a test of two networks on the same images."""

import numpy as np
from scipy import stats

Interval = tuple[float, float]


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the interval in which the true share lies, given `successes` of `n` images.

    Unlike the share plus and minus its standard errors, it stays within [0, 1] and holds up
    for few images and for shares near 0 or 1. Without images it is (0, 1): anything goes.

    Source:
        Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
        Journal of the American Statistical Association 22 (1927).

    >>> low, high = wilson_interval(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    if not 0 <= successes <= n:
        raise ValueError(
            f"No interval for {successes} of {n}: expected a count from 0 to the number of images."
        )
    if not n:
        return 0.0, 1.0
    share, z = successes / n, float(stats.norm.ppf((1 + confidence) / 2))
    shrink = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / shrink
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / shrink
    # All and nothing have one end at 1 and 0 exactly, which rounding would miss.
    low = 0.0 if successes == 0 else float(centre - half)
    return low, 1.0 if successes == n else float(centre + half)


def mean_interval(values: list[float], confidence: float = 0.95) -> Interval | None:
    """Return the interval in which the mean over all seeds lies, given a few seeds' values.

    By Student's t with one degree of freedom less than there are values, so it takes the
    values to spread as a normal distribution does. None of fewer than two values: one
    seed does not say how much seeds differ.

    >>> low, high = mean_interval([0.60, 0.61, 0.62])
    >>> round(low, 4), round(high, 4)
    (0.5852, 0.6348)
    """
    n = len(values)
    if n < 2:
        return None
    t = stats.t.ppf((1 + confidence) / 2, df=n - 1)
    half = t * np.std(values, ddof=1) / np.sqrt(n)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def mcnemar(correct_left: np.ndarray, correct_right: np.ndarray) -> float:
    """Return how likely two equally good networks would differ as much as these, or more.

    Only the images that one network gets right and the other wrong tell them apart: of equally
    good networks, each would have half of those. The exact, two-sided binomial test.

    Args:
        correct_left: Whether each test image was recognised, shape (N,) bool.
        correct_right: The same of the other network, on the same images, shape (N,) bool.

    Returns:
        The p-value, in (0, 1]; 1 if the networks differ on no image.

    Source:
        McNemar, "Note on the sampling error of the difference between correlated proportions
        or percentages", Psychometrika 12 (1947).

    >>> left = np.array([True] * 9 + [False])
    >>> mcnemar(left, ~left)
    0.021484375
    """
    if correct_left.shape != correct_right.shape:
        raise ValueError(
            f"Two networks are compared on the same images, but one has {correct_left.shape} "
            f"predictions and the other {correct_right.shape}. Give one of each per image."
        )
    only_left = int(np.sum(correct_left & ~correct_right))
    only_right = int(np.sum(~correct_left & correct_right))
    num_differ = only_left + only_right
    return float(stats.binomtest(only_left, num_differ).pvalue) if num_differ else 1.0
