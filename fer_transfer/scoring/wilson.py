"""The confidence interval of a share, without SciPy, which `pip install .` does not bring."""

import math
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Return the 95% interval in which the true share lies, given `successes` of `n` images.

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
    share, shrink = successes / n, 1 + Z**2 / n
    centre = (share + Z**2 / (2 * n)) / shrink
    half = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / shrink
    # All and nothing have one end at 1 and 0 exactly, which rounding would miss.
    low = 0.0 if successes == 0 else centre - half
    return low, 1.0 if successes == n else centre + half
