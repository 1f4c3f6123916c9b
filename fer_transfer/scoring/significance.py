"""Confidence intervals of shares, means and differences; p-values of several of them."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

Interval = tuple[float, float]

ROUNDING = 1e-24  # a variance that rounding may make of equal numbers


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


def estimate_interval(
    estimate: float, parts: Sequence[tuple[float, float]], confidence: float = 0.95
) -> tuple[float, float, float] | None:
    """Return the interval of an estimate that varies for several independent reasons, and its p.

    Args:
        estimate: Such as a difference of means.
        parts: Of each reason the variance of the estimate, and its degrees of freedom.
        confidence: How often such intervals hold the true value.

    Returns:
        low, high, and the two-sided p of a true value of zero. None where nothing varies.

    Source:
        The variances are added, and their degrees of freedom combined by Satterthwaite, "An
        Approximate Distribution of Estimates of Variance Components", Biometrics Bulletin 2
        (1946). Of the means of two groups that is Welch's interval.

    >>> low, high, p = estimate_interval(0.1, [(0.0004, 2), (0.0005, 2)])
    >>> round(low, 3), round(high, 3), round(p, 3)
    (0.016, 0.184, 0.03)
    """
    variance = sum(part for part, _ in parts)
    if variance < ROUNDING:
        return None
    freedom = variance**2 / sum(part**2 / number for part, number in parts)
    error = np.sqrt(variance)
    half = stats.t.ppf((1 + confidence) / 2, freedom) * error
    p = 2 * stats.t.sf(abs(estimate) / error, freedom)
    return float(estimate - half), float(estimate + half), float(p)


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many there are.

    Below 0.05 they are significant, with at most a 5% chance of one mistake among all.

    Source:
        Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
        Statistics 6 (1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(ps)
    corrected = np.empty(len(ps))
    left = np.arange(len(ps), 0, -1)
    corrected[order] = np.maximum.accumulate(np.array(ps)[order] * left)
    return [float(p) for p in np.minimum(corrected, 1).round(15)]
