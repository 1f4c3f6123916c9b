"""Whether two groups of runs differ: the one place where the study decides that.

A number of a group varies with the seed and with the images it is measured on. The interval of a
difference is over both: their variances are added (scoring/significance.py). It takes three seeds
on each side; with fewer nothing is decided. Numbers that are simply known, such as those that
the paper prints, differ where more than their last digit does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from fer_transfer.scoring.significance import estimate_interval, holm

ENOUGH_SEEDS = 3
LEVEL = 0.05  # of p, after Holm's correction
SEPARATOR = "; "  # between the reasons why a difference is not tested


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
        label: What the number is of, where the sample says so itself.
    """

    group: str
    values: tuple[float, ...]
    correct: np.ndarray | None = None
    variance: float = 0.0
    rounding: float | None = None
    label: str = ""

    @property
    def mean(self) -> float:
        return fmean(self.values)


@dataclass(frozen=True)
class Difference:
    """How far two numbers are apart, `left` less `right`, and how sure that is.

    `low` and `high` are the 95% interval of this difference alone; `p` is of the difference
    alone too, and `corrected` is p for all differences of the study. `why` says what keeps it
    from being tested; without an interval and a reason it is of numbers that are known.
    """

    left: float | None
    right: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    corrected: float | None = None
    why: str = ""

    @property
    def outcome(self) -> str:
        """Say whether left is `more` or `less`; else `not tested` or `not significant`.

        >>> Difference(0.6, 0.4, 0.18, 0.22, 0.001, 0.003).outcome
        'more'
        """
        if self.low is None or self.high is None:
            return "not tested"
        if self.corrected is not None and self.corrected >= LEVEL:
            return "not significant"
        if self.low > 0:
            return "more"
        return "less" if self.high < 0 else "not significant"

    @property
    def described(self) -> dict[str, Any]:
        """Return the difference as it stands in the metrics."""
        return {
            "left": self.left,
            "right": self.right,
            "difference": None
            if self.left is None or self.right is None
            else self.left - self.right,
            "interval": None if self.low is None else [self.low, self.high],
            "p": self.p,
            "corrected_p": self.corrected,
            "outcome": self.outcome,
            "why": self.why,
        }


def compare(left: Sample, right: Sample, within: float | None = None) -> Difference:
    """Compare a number of two groups; `within` asks whether they are less than that apart.

    With `within` the difference is `within` less the distance of the two.
    """
    gap = left.mean - right.mean
    tested = gap if within is None else within - abs(gap)
    sides = Difference(left.mean, right.mean)
    if left.rounding is not None and right.rounding is not None:
        margin = left.rounding + right.rounding
        if abs(tested) <= margin:
            return replace(sides, why="equal to the printed digits")
        return replace(sides, low=tested - margin, high=tested + margin)
    few = [side for side in (left, right) if len(side.values) < ENOUGH_SEEDS]
    if few:
        return replace(sides, why=_needs_seeds(few))
    interval = estimate_interval(tested, variances(left, right))
    if interval is None:
        return replace(sides, why="nothing varies between seeds")
    low, high, p = interval
    return replace(sides, low=low, high=high, p=p)


def variances(left: Sample, right: Sample) -> list[tuple[float, float]]:
    """Return the variances of a difference over seeds and over images, with their freedoms.

    A network's numbers for two classes come from the same seeds, so these are paired.
    """
    if left.group == right.group:
        pairs = np.subtract(left.values, right.values)
        parts = [_over_seeds(pairs)]
    else:
        parts = [_over_seeds(left.values), _over_seeds(right.values)]
    if left.correct is not None and right.correct is not None:
        number = len(left.correct)
        paired = np.var(left.correct - right.correct, ddof=1) / number
        return [*parts, (float(paired), number - 1)]
    images = left.variance + right.variance
    return [*parts, (images, float("inf"))] if images else parts


def _over_seeds(values: Iterable[float]) -> tuple[float, float]:
    known = list(values)
    return float(np.var(known, ddof=1)) / len(known), len(known) - 1


def _needs_seeds(sides: list[Sample]) -> str:
    named = (
        f"{one.group} has {len(one.values)} of {ENOUGH_SEEDS} seeds" for one in sides
    )
    return SEPARATOR.join(dict.fromkeys(named))


def correct_all(differences: Iterable[Difference]) -> dict[Difference, Difference]:
    """Return each difference that is tested with its p corrected for all of them."""
    tested = list(dict.fromkeys(one for one in differences if one.p is not None))
    ps = holm([one.p for one in tested if one.p is not None])
    return {one: replace(one, corrected=p) for one, p in zip(tested, ps, strict=True)}
