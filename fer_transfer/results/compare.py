"""Whether two groups of runs differ: the one place where the study decides that.

A number of a group varies with the seed and with the images it is measured on. The interval of a
difference is over both: their variances are added (scoring/significance.py). It takes three seeds
on each side; with fewer nothing is decided. Numbers that are simply known, such as those that
the paper prints, differ where more than their last digit does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from fer_transfer.scoring.significance import estimate_interval, holm

ENOUGH_SEEDS = 3
LEVEL = 0.05  # of p, after Holm's correction
SEPARATOR = "; "  # between the reasons why a difference is not tested
NOT_TESTED = "not tested"

Comparison = dict[str, Any]  # what `compare` returns


@dataclass(frozen=True)
class Sample:
    """A number of one group of runs.

    Attributes:
        group: Its name.
        values: One for each run, each of another seed.
        correct: Of an accuracy, for each image the share of the runs that recognise it, (n,).
            Two samples of the same images are compared image by image.
        variance: Of the mean of `values` over images, where `correct` is not known.
        rounding: Of a number that is simply known, half of the unit of its last digit.
        label: Of a recall, its class.
    """

    group: str
    values: tuple[float, ...]
    correct: np.ndarray | None = None
    variance: float = 0.0
    rounding: float | None = None
    label: str = ""

    @property
    def mean(self) -> float:
        # Of one value it is that value: a number of parameters stays whole.
        return fmean(self.values) if len(self.values) > 1 else self.values[0]


def compare(
    left: Sample | None,
    right: Sample | None,
    within: float | None = None,
    why: str = "",
) -> Comparison:
    """Compare a number of two groups, as it stands in the metrics.

    Args:
        left: The first, None if it is missing.
        right: The second.
        within: Asks whether they are less than this apart; the interval is of `within` less the
            distance of the two.
        why: What keeps them from being tested, if anything does.

    Returns:
        left, right, difference: the numbers, None where they are missing. interval: the 95%
        interval of this difference alone. p: of this difference alone; corrected_p: what
        `correct` makes of it. outcome: see `outcome`. why: what keeps it from being tested.
    """
    interval, p, why = (None, None, why) if why else _test(left, right, within)
    row = {
        "left": left.mean if left else None,
        "right": right.mean if right else None,
        "difference": left.mean - right.mean if left and right else None,
        "interval": interval,
        "p": p,
        "corrected_p": None,
    }
    return {**row, "outcome": outcome(row), "why": why}


def _test(
    left: Sample | None, right: Sample | None, within: float | None
) -> tuple[list[float] | None, float | None, str]:
    """Return the interval of a difference, its p, and what keeps it from being tested."""
    if left is None or right is None:
        return None, None, "a number is missing"
    gap = left.mean - right.mean
    tested = gap if within is None else within - abs(gap)
    if left.rounding is not None and right.rounding is not None:
        margin = left.rounding + right.rounding
        if abs(tested) <= margin:
            return None, None, "equal to the printed digits"
        return [tested - margin, tested + margin], None, ""
    if short := short_of_seeds(left, right):
        return None, None, SEPARATOR.join(short)
    interval = estimate_interval(tested, variances(left, right))
    if interval is None:
        return None, None, "nothing varies between seeds"
    low, high, p = interval
    return [low, high], p, ""


def short_of_seeds(*sides: Sample | None) -> list[str]:
    """Say which sides have too few seeds for an interval."""
    short = [side for side in sides if side and len(side.values) < ENOUGH_SEEDS]
    seeds = {side.group: len(side.values) for side in short}
    return [f"{name} has {seeds[name]} of {ENOUGH_SEEDS} seeds" for name in seeds]


def outcome(row: Comparison) -> str:
    """Say whether left is `more` or `less`; else `not tested` or `not significant`.

    >>> outcome({"interval": [0.18, 0.22], "corrected_p": 0.003})
    'more'
    """
    if row["interval"] is None:
        return NOT_TESTED
    low, high = row["interval"]
    if low <= 0 <= high or (row["corrected_p"] or 0) >= LEVEL:
        return "not significant"
    return "more" if low > 0 else "less"


def correct(rows: Iterable[Comparison]) -> int:
    """Apply Holm's correction, in place, to the p of every tested comparison.

    Returns:
        How many are tested; the same two numbers compared again do not count again.
    """
    tested = [row for row in rows if row["p"] is not None]
    ps = {(row["left"], row["right"], row["p"]): row["p"] for row in tested}
    corrected = dict(zip(ps, holm(list(ps.values())), strict=True))
    for row in tested:
        row["corrected_p"] = corrected[row["left"], row["right"], row["p"]]
        row["outcome"] = outcome(row)
    return len(corrected)


def variances(left: Sample, right: Sample) -> list[tuple[float, float]]:
    """Return the variances of a difference over seeds and images, with degrees of freedom.

    A network's numbers for two classes come from the same seeds, so these are paired.
    """
    over_seeds: list[Any] = [left.values, right.values]
    if left.group == right.group:
        over_seeds = [np.subtract(left.values, right.values)]
    parts = [(_variance_of_mean(values), len(values) - 1.0) for values in over_seeds]
    if left.correct is not None and right.correct is not None:
        hits = left.correct - right.correct
        return [*parts, (_variance_of_mean(hits), len(hits) - 1.0)]
    over_images = left.variance + right.variance
    # Known, not estimated. With inf, Satterthwaite's formula divides by 0 if no seed varies.
    return [*parts, (over_images, 1e9)] if over_images else parts


def _variance_of_mean(values: Any) -> float:
    return float(np.var(values, ddof=1) / len(values))
