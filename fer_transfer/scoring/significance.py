"""Confidence intervals of means and differences; p-values of several of them."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

ROUNDING = 1e-24  # a variance that rounding may make of equal numbers


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
