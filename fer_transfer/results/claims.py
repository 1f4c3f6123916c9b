"""The paper's claims (claims.yaml), and the verdicts that comparisons give on them."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from fer_transfer.results import evidence
from fer_transfer.results.compare import (
    NOT_TESTED,
    SEPARATOR,
    Comparison,
    compare,
    short_of_seeds,
)
from fer_transfer.settings.settings import read_yaml

HOLDS = {"more": True, "less": False}  # by the outcome of a comparison
WORDS = {True: "supported", False: "contradicted"}


@dataclass(frozen=True)
class Claim:
    """What the paper says, and which networks are compared to decide it: see claims.yaml."""

    key: str
    says: str
    rule: str
    sides: list[str]
    quantity: str
    left: list[str]
    right: list[str]
    paired: bool = False
    some: bool = False
    within: float | None = None
    unit: str = "share"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """List the networks that are compared."""
        if self.paired:
            return list(zip(self.left, self.right, strict=True))
        return [pair for pair in product(self.left, self.right) if pair[0] != pair[1]]


CLAIMS = [Claim(**entry) for entry in read_yaml(Path(__file__).with_suffix(".yaml"))]


def check(claim: Claim, source: evidence.Evidence) -> list[Comparison]:
    """Make a claim's comparisons, or say why one cannot be made; `what` names its networks."""
    quantities = [claim.quantity] * 2
    if claim.quantity.startswith(evidence.RECALL):
        quantities = [f"{side} {claim.quantity}" for side in ("lowest", "highest")]
    rows = []
    for networks in claim.pairs:
        subject = ", ".join(dict.fromkeys(networks))
        left, right = map(source.samples.get, zip(quantities, networks, strict=True))
        why = "" if claim.quantity in evidence.KNOWN else source.why_untested(*networks)
        if why and why != evidence.LEFT_OUT:
            why = SEPARATOR.join([why, *short_of_seeds(left, right)])
        if left and right and left.label and not why:
            subject = f"{subject}: {left.label}, {right.label}"
        rows.append({"what": subject, **compare(left, right, claim.within, why)})
    return rows


def judge(claim: Claim, checks: list[Comparison]) -> dict[str, Any]:
    """Combine a claim's comparisons, their p corrected over the whole study, into a verdict."""
    counted = [row for row in checks if row["why"] != evidence.LEFT_OUT]
    holds = [HOLDS.get(row["outcome"]) for row in counted]
    if claim.some in holds:
        word = WORDS[claim.some]
    elif not counted or any(row["outcome"] == NOT_TESTED for row in counted):
        word = "not testable"
    else:
        word = "not significant" if None in holds else WORDS[not claim.some]
    return {"word": word, "summary": summarise(counted or checks), "checks": checks}


def summarise(checks: list[Comparison]) -> str:
    """Say how many comparisons hold, and what would decide the others."""
    parts = []
    outcomes = Counter(row["outcome"] for row in checks)
    if decided := outcomes["more"] + outcomes["less"]:
        plural = "s" if decided > 1 else ""
        parts.append(f"holds in {outcomes['more']} of {decided} comparison{plural}")
    if number := outcomes["not significant"]:
        parts.append(f"{number} not significant")
    if number := outcomes[NOT_TESTED]:
        untested = (row["why"] for row in checks if row["outcome"] == NOT_TESTED)
        reasons = dict.fromkeys(SEPARATOR.join(untested).split(SEPARATOR))
        parts.append(f"{number} not testable ({SEPARATOR.join(reasons)})")
    return ", ".join(parts)
