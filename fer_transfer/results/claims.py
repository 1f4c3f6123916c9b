"""The paper's claims (claims.yaml), and the verdicts that comparisons give on them."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fer_transfer.results import paper
from fer_transfer.results.compare import (
    NOT_TESTED,
    SEPARATOR,
    Comparison,
    compare,
    describe,
)
from fer_transfer.results.evidence import (
    KNOWN,
    LEFT_OUT,
    NETWORKS,
    RATE_WORDS,
    RECALL,
    Evidence,
    Network,
)

PRETRAINED, RANDOM = "pretrained", "random"
SETS: dict[str, list[Network]] = {
    PRETRAINED: [network for network in NETWORKS if network[1] == PRETRAINED],
    RANDOM: [network for network in NETWORKS if network[1] == RANDOM],
    "faces": [(name, PRETRAINED) for name in paper.FACES],
    "ImageNet": [(name, PRETRAINED) for name in paper.IMAGENET],
    "all": list(NETWORKS),
}
SETS["all pretrained"] = SETS[PRETRAINED]

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
        if self.quantity in KNOWN:
            return "number"
        return "rate" if self.quantity.split()[0] in RATE_WORDS else "share"

    @property
    def pairs(self) -> list[tuple[str, Network, Network]]:
        """List what is compared, with a name for each."""
        left, right = (
            SETS.get(side) or [(side.partition("-")[0], side.partition("-")[2])]
            for side in (self.left, self.right)
        )
        by_backbone = {self.left, self.right} <= {PRETRAINED, RANDOM}
        return [
            (self._name(one, other), one, other)
            for one, other in product(left, right)
            if (one[0] == other[0] if by_backbone else one != other)
        ]

    def _name(self, left: Network, right: Network) -> str:
        if left[0] == right[0]:
            return paper.TITLES[left[0]]
        if "all" in (self.left, self.right):
            return "-".join(right)
        return f"{paper.TITLES[left[0]]}, {paper.TITLES[right[0]]}"


CLAIMS = tuple(
    Claim(**entry)
    for entry in YAML(typ="safe", pure=True).load(Path(__file__).with_suffix(".yaml"))
)


def check(claim: Claim, evidence: Evidence) -> list[Comparison]:
    """Make a claim's comparisons; `what` names the networks of each."""
    return [_check(claim, evidence, *pair) for pair in claim.pairs]


def _check(
    claim: Claim, evidence: Evidence, what: str, *networks: Network
) -> Comparison:
    """Make a comparison, or say why it cannot be made."""
    quantities = [claim.quantity] * 2
    if claim.quantity.startswith(RECALL):
        quantities = [f"{side} {claim.quantity}" for side in ("least", "most")]
    left, right = (
        evidence.samples.get((quantity, *network))
        for quantity, network in zip(quantities, networks, strict=True)
    )
    why = "" if claim.quantity in KNOWN else evidence.why_untested(*networks)
    if why or left is None or right is None:
        compared = describe(left, right, why=why or "a number is missing")
        return {"what": what, **compared}
    if left.label:
        what = f"{what}: {left.label}, {right.label}"
    return {"what": what, **compare(left, right, claim.within)}


def judge(claim: Claim, checks: list[Comparison]) -> dict[str, Any]:
    """Join a claim's comparisons, with p corrected for all of the study, to a verdict."""
    counted = [row for row in checks if row["why"] != LEFT_OUT]
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
    outcomes = [row["outcome"] for row in checks]
    decided = [HOLDS[outcome] for outcome in outcomes if outcome in HOLDS]
    if decided:
        parts.append(f"holds in {sum(decided)} of {len(decided)} comparisons")
    if number := outcomes.count("not significant"):
        parts.append(f"{number} not significant")
    if number := outcomes.count(NOT_TESTED):
        whys = [row["why"] for row in checks if row["outcome"] == NOT_TESTED]
        reasons = dict.fromkeys(SEPARATOR.join(whys).split(SEPARATOR))
        parts.append(f"{number} not testable ({SEPARATOR.join(reasons)})")
    return ", ".join(parts)
