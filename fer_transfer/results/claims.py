"""The paper's claims (claims.yaml), and the verdicts that comparisons give on them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from fer_transfer.results import compare, paper
from fer_transfer.results.compare import Difference
from fer_transfer.results.evidence import (
    KNOWN,
    NETWORKS,
    RATE_WORDS,
    RECALL,
    Evidence,
    Network,
)

PRETRAINED, RANDOM = "pretrained", "random"
SETS: dict[str, list[Network]] = {
    PRETRAINED: [one for one in NETWORKS if one[1] == PRETRAINED],
    RANDOM: [one for one in NETWORKS if one[1] == RANDOM],
    "faces": [(name, PRETRAINED) for name in paper.FACES],
    "ImageNet": [(name, PRETRAINED) for name in paper.IMAGENET],
    "all pretrained": [one for one in NETWORKS if one[1] == PRETRAINED],
    "all": list(NETWORKS),
}


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
        sides = [SETS.get(one, [_network(one)]) for one in (self.left, self.right)]
        by_backbone = {self.left, self.right} <= {PRETRAINED, RANDOM}
        return [
            (self._name(left, right), left, right)
            for left, right in product(*sides)
            if (left[0] == right[0] if by_backbone else left != right)
        ]

    def _name(self, left: Network, right: Network) -> str:
        if left[0] == right[0]:
            return paper.TITLES[left[0]]
        if "all" in (self.left, self.right):
            return "-".join(right)
        return f"{paper.TITLES[left[0]]}, {paper.TITLES[right[0]]}"


def _network(name: str) -> Network:
    backbone, _, weights = name.partition("-")
    return backbone, weights


CLAIMS = tuple(
    Claim(**entry)
    for entry in YAML(typ="safe", pure=True).load(Path(__file__).with_suffix(".yaml"))
)


class Check(NamedTuple):
    """A comparison that was made, or could not be."""

    what: str
    difference: Difference
    counts: bool = True  # False: shown, but left out of the verdict

    @property
    def holds(self) -> bool | None:
        return {"more": True, "less": False}.get(self.difference.outcome)


def check(claim: Claim, evidence: Evidence) -> list[Check]:
    """Make a claim's comparisons."""
    return [
        _check(claim, what, (left, right), evidence)
        for what, left, right in claim.pairs
    ]


def _check(
    claim: Claim, what: str, networks: tuple[Network, Network], evidence: Evidence
) -> Check:
    """Make a comparison, or say why it cannot be made."""
    quantities = [claim.quantity] * 2
    if claim.quantity.startswith(RECALL):
        quantities = [f"{side} {claim.quantity}" for side in ("least", "most")]
    left, right = (
        evidence.samples.get((quantity, *network))
        for quantity, network in zip(quantities, networks, strict=True)
    )
    sides = Difference(left.mean if left else None, right.mean if right else None)
    if claim.quantity not in KNOWN:
        missing = [evidence.absent[one] for one in networks if one in evidence.absent]
        if missing:
            why = compare.SEPARATOR.join(dict.fromkeys(missing))
            return Check(what, replace(sides, why=why))
        if evidence.uninformative.intersection(networks):
            why = "left out: uninformative features"
            return Check(what, replace(sides, why=why), counts=False)
    if left is None or right is None:
        return Check(what, replace(sides, why="a number is missing"))
    if left.label:
        what = f"{what}: {left.label}, {right.label}"
    return Check(what, compare.compare(left, right, claim.within))


def judge(
    claim: Claim, checks: list[Check], corrected: Mapping[Difference, Difference]
) -> dict[str, Any]:
    """Join a claim's comparisons to a verdict, with p corrected for all of the study."""
    checks = [
        one._replace(difference=corrected.get(one.difference, one.difference))
        for one in checks
    ]
    counted = [one for one in checks if one.counts]
    outcomes = [one.holds for one in counted]
    words = {True: "supported", False: "contradicted"}
    if claim.some in outcomes:
        word = words[claim.some]
    elif counted and None not in outcomes:
        word = words[not claim.some]
    else:
        untested = [one for one in counted if one.difference.outcome == "not tested"]
        word = "not testable" if untested or not counted else "not significant"
    return {
        "word": word,
        "summary": summarise(counted or checks),
        "checks": [{"what": one.what, **one.difference.described} for one in checks],
    }


def summarise(checks: list[Check]) -> str:
    """Say how many comparisons hold, and what would decide the others."""
    parts = []
    decided = [one.holds for one in checks if one.holds is not None]
    if decided:
        parts.append(f"holds in {sum(decided)} of {len(decided)} comparisons")
    open_ = [one.difference for one in checks if one.holds is None]
    untested = [one.why for one in open_ if one.outcome == "not tested"]
    if len(open_) > len(untested):
        parts.append(f"{len(open_) - len(untested)} not significant")
    if untested:
        whys = compare.SEPARATOR.join(untested).split(compare.SEPARATOR)
        reasons = compare.SEPARATOR.join(dict.fromkeys(whys))
        parts.append(f"{len(untested)} not testable ({reasons})")
    return ", ".join(parts)
