"""How numbers decide a claim: comparisons, each with an outcome, joined to a verdict."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

from fer_transfer.results.evidence import Evidence, seed_margin

WORDS = {True: "supported", False: "contradicted", None: "not testable"}

# A variant's number, one per run; nothing where there is none.
ValuesOf = Callable[[str], Sequence[float]]


class Check(NamedTuple):
    """One comparison of two numbers, and whether it turned out as claimed."""

    what: str
    left: float | None
    right: float | None
    holds: bool | None  # None: undecided, for the reason in `why`
    why: str = ""
    counts: bool = True  # False: shown, but left out of the verdict
    missing: str = ""  # the variant without which it cannot be decided
    margin: float | None = None  # the difference that it takes, where there is less


Checks = Callable[[Evidence], list[Check]]
Join = Callable[[Iterable[bool | None]], bool | None]


def every(outcomes: Iterable[bool | None]) -> bool | None:
    """Tell whether all hold: one that fails is enough to say no, one unknown not to say yes.

    >>> every([True, None]), every([False, None]), every([])
    (None, False, None)
    """
    known = list(outcomes)
    if False in known:
        return False
    return None if None in known or not known else True


def some(outcomes: Iterable[bool | None]) -> bool | None:
    """Tell whether one holds, which the unknown ones may yet do.

    >>> some([True, None]), some([False, None]), some([False, False]), some([])
    (True, None, False, None)
    """
    known = list(outcomes)
    if True in known:
        return True
    return None if None in known or not known else False


@dataclass(frozen=True)
class Claim:
    """What the paper says, and the rule that decides it."""

    key: str
    says: str
    rule: str
    sides: tuple[str, str]  # what the two numbers of a comparison are
    unit: str  # share, rate or number
    checks: Checks
    join: Join = every


@dataclass(frozen=True)
class Verdict:
    """What a rule gave on one study's numbers."""

    claim: Claim
    word: str  # supported, contradicted or not testable
    checks: list[Check]

    @property
    def summary(self) -> str:
        """Say how many comparisons hold, or what keeps the claim from being tested."""
        counted = [check for check in self.checks if check.counts]
        known = [check for check in counted if check.holds is not None]
        if not known:
            return f"undecided: {'; '.join(self._reasons())}"
        held = sum(bool(check.holds) for check in known)
        verb = "holds" if held == 1 else "hold"
        text = f"{held} of {len(known)} comparisons {verb}"
        open_ = len(counted) - len(known)
        return f"{text}, {open_} undecided" if open_ else text

    def _reasons(self) -> list[str]:
        """Say what keeps every comparison from being decided."""
        checks = [check for check in self.checks if check.counts] or self.checks
        missing = dict.fromkeys(check.missing for check in checks if check.missing)
        named = [f"no results of {', '.join(missing)}"] if missing else []
        others = [check.why for check in checks if not check.missing]
        return [*named, *dict.fromkeys(others)]

    @property
    def has_numbers(self) -> bool:
        """Tell whether the study prints any of the numbers that the rule asks for."""
        return any(check.left is not None for check in self.checks)


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Apply a claim's rule to a study's numbers."""
    checks = claim.checks(evidence)
    holds = claim.join(check.holds for check in checks if check.counts)
    return Verdict(claim, WORDS[holds], checks)


def compare(
    what: str, left: Sequence[float], right: Sequence[float], margin: float = 0
) -> Check:
    """Check that `left`, a value per seed, is more than `right` by more than the margin of error.

    With three seeds or more on either side the margin is that of Welch's confidence interval;
    else it is the one given, which the number of images makes.
    """
    if not left or not right:
        there = fmean(left) if left else None
        other = fmean(right) if right else None
        return Check(what, there, other, None, "a number is missing")
    by_seeds = seed_margin(left, right)
    used = margin if by_seeds is None else by_seeds
    difference = fmean(left) - fmean(right)
    check = Check(what, fmean(left), fmean(right), None)
    if difference > used:
        return check._replace(holds=True)
    if difference <= -used:
        return check._replace(holds=False)
    source = "images" if by_seeds is None else f"{len(left)} and {len(right)} seeds"
    return check._replace(why=f"not significant by {source}", margin=used)


def compare_variants(
    evidence: Evidence,
    what: str,
    keys: tuple[tuple[str, str], tuple[str, str]],
    values_of: ValuesOf,
    margin: float = 0,
) -> Check:
    """Check that one variant's number is more than another's, if both say something."""
    pair = [evidence.names.get(key) for key in keys]
    left, right = ([] if name is None else values_of(name) for name in pair)
    check = compare(what, left, right, margin)
    undecided = check._replace(holds=None, margin=None)
    for name, key in zip(pair, keys, strict=True):
        if name is None:
            return undecided._replace(why="not listed", missing="-".join(key))
        if name in evidence.absent:
            return undecided._replace(why="not run", missing=name)
    precisions = {evidence.precisions.get(str(name), "") for name in pair}
    if len(precisions) > 1:
        why = f"not compared: {' and '.join(sorted(precisions))}"
        return undecided._replace(why=why)
    if not evidence.uninformative.isdisjoint(map(str, pair)):
        why = "left out: uninformative features"
        return undecided._replace(why=why, counts=False)
    return check
