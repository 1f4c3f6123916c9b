"""The paper's claims (claims.yaml), and the verdicts that comparisons give on them."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from fer_transfer.results import evidence, paper
from fer_transfer.results.compare import NOT_TESTED, SEPARATOR, Comparison, compare
from fer_transfer.settings.settings import read_yaml

SETS = {
    "pretrained": evidence.NETWORKS[::2],
    "random": evidence.NETWORKS[1::2],
    "faces": [f"{backbone}-pretrained" for backbone in paper.FACES],
    "ImageNet": [f"{backbone}-pretrained" for backbone in paper.IMAGENET],
    "all": evidence.NETWORKS,
    "all pretrained": evidence.NETWORKS[::2],
}

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
    left: str
    right: str
    some: bool = False
    within: float | None = None

    @property
    def unit(self) -> str:
        if self.quantity in evidence.KNOWN:
            return "number"
        return "rate" if self.quantity.split()[0] in evidence.RATE_WORDS else "share"

    @property
    def pairs(self) -> list[tuple[str, str, str]]:
        """List what is compared, with a name for each."""
        left, right = (SETS.get(side, [side]) for side in (self.left, self.right))
        if {self.left, self.right} <= {"pretrained", "random"}:
            titles = paper.TITLES.values()
            return list(zip(titles, left, right, strict=True))
        return [
            (self._name(*networks), *networks)
            for networks in product(left, right)
            if networks[0] != networks[1]
        ]

    def _name(self, left: str, right: str) -> str:
        if "all" in (self.left, self.right):
            return right
        backbones = (network.partition("-")[0] for network in (left, right))
        return ", ".join(paper.TITLES[backbone] for backbone in backbones)


CLAIMS = tuple(
    Claim(**entry) for entry in read_yaml(Path(__file__).with_suffix(".yaml"))
)


def check(claim: Claim, source: evidence.Evidence) -> list[Comparison]:
    """Make a claim's comparisons, or say why one cannot be made; `what` names its networks."""
    quantities = [claim.quantity] * 2
    if claim.quantity.startswith(evidence.RECALL):
        quantities = [f"{side} {claim.quantity}" for side in ("least", "most")]
    rows = []
    for subject, *networks in claim.pairs:
        left, right = map(source.samples.get, zip(quantities, networks, strict=True))
        why = "" if claim.quantity in evidence.KNOWN else source.why_untested(*networks)
        if left and right and left.label and not why:
            subject = f"{subject}: {left.label}, {right.label}"
        rows.append({"what": subject, **compare(left, right, claim.within, why)})
    return rows


def judge(claim: Claim, checks: list[Comparison]) -> dict[str, Any]:
    """Join a claim's comparisons, with p corrected for all of the study, to a verdict."""
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
        parts.append(f"holds in {outcomes['more']} of {decided} comparisons")
    if number := outcomes["not significant"]:
        parts.append(f"{number} not significant")
    if number := outcomes[NOT_TESTED]:
        untested = (row["why"] for row in checks if row["outcome"] == NOT_TESTED)
        reasons = dict.fromkeys(SEPARATOR.join(untested).split(SEPARATOR))
        parts.append(f"{number} not testable ({SEPARATOR.join(reasons)})")
    return ", ".join(parts)
