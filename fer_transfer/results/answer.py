"""The answer: faces or ImageNet, and what pretraining is worth, with its uncertainty.

Accuracies are those on the test images without an exact duplicate in train. Which network stands
for faces and which for ImageNet is chosen by validation accuracy, so the test images decide
nothing but the difference.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from math import sqrt
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.evidence import CONFIDENCE, seed_margin
from fer_transfer.results.protocols import Group, Protocol
from fer_transfer.scoring.significance import mcnemar

# By run, whether each deduplicated test image was recognised, (n,) bool.
Correct = Mapping[str, np.ndarray]


class Difference(NamedTuple):
    """How much more accurate one group of runs is than another, and how sure that is."""

    left: float  # mean accuracy over the seeds
    right: float
    low: float  # the 95% interval of left - right
    high: float
    by: str  # seeds, where each side has three or more; else images
    p: float  # McNemar's test, of the first seeds' runs

    @property
    def verdict(self) -> str:
        """Say whether the interval leaves out zero.

        >>> Difference(0.6, 0.4, 0.18, 0.22, "images", 0.0).verdict
        'more'
        """
        if self.low > 0:
            return "more"
        return "less" if self.high < 0 else "not significant"


def compare(left: Sequence[str], right: Sequence[str], correct: Correct) -> Difference:
    """Compare the runs of two groups on the same test images.

    With three seeds or more on either side the interval is Welch's, over seeds. Else it is
    that of the paired difference over images, which does not know how seeds would scatter.
    """
    here, there = (
        [float(correct[run].mean()) for run in runs] for runs in (left, right)
    )
    difference = fmean(here) - fmean(there)
    margin = seed_margin(here, there)
    first, second = correct[left[0]], correct[right[0]]
    used = paired_margin(first, second) if margin is None else margin
    return Difference(
        fmean(here),
        fmean(there),
        difference - used,
        difference + used,
        "images" if margin is None else "seeds",
        mcnemar(first, second),
    )


def paired_margin(left: np.ndarray, right: np.ndarray) -> float:
    """Return half of the interval of a paired difference of two shares (N,) bool.

    Source: Agresti, Categorical Data Analysis, section on matched pairs (Wald).

    >>> round(paired_margin(np.array([1, 1, 0, 1]), np.array([1, 0, 0, 0])), 4)
    0.49
    """
    differences = left.astype(float) - right.astype(float)
    critical = stats.norm.ppf((1 + CONFIDENCE) / 2)
    return float(critical * differences.std() / sqrt(len(differences)))


def find(
    groups: Mapping[str, Group],
    correct: Correct,
    final: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Answer both questions for each protocol that has the runs.

    Args:
        groups: Those that ran, on informative features.
        correct: By run.
        final: By group's name, among others the mean `val_accuracy` after the last epoch.
    """
    validation = {name: final[name]["val_accuracy"] for name in groups}
    return {
        "faces_or_imagenet": faces_or_imagenet(groups, correct, validation),
        "pretraining": worth_of_pretraining(groups, correct),
    }


def by_protocol(
    groups: Mapping[str, Group],
) -> dict[Protocol, dict[tuple[str, str], Group]]:
    """Sort the groups by protocol, and then by backbone and weights."""
    found: dict[Protocol, dict[tuple[str, str], Group]] = {}
    for group in groups.values():
        key = group.backbone, group.weights
        found.setdefault(group.protocol, {})[key] = group
    return found


def faces_or_imagenet(
    groups: Mapping[str, Group], correct: Correct, validation: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Compare the best network pretrained on faces with the best on ImageNet, by protocol."""
    names = {group.runs: name for name, group in groups.items()}
    found = []
    for protocol, here in by_protocol(groups).items():
        best = {}
        for learned in ("faces", "ImageNet"):
            there = [
                group
                for (backbone, weights), group in here.items()
                if weights == "pretrained" and BACKBONES[backbone].learned == learned
            ]
            if there:
                best[learned] = max(there, key=lambda one: validation[names[one.runs]])
        if len(best) == 2:
            pair = best["faces"], best["ImageNet"]
            found.append(describe(protocol, *pair, correct, names))
    return found


def worth_of_pretraining(
    groups: Mapping[str, Group], correct: Correct
) -> list[dict[str, Any]]:
    """Compare pretrained with random weights, by backbone and protocol."""
    names = {group.runs: name for name, group in groups.items()}
    return [
        describe(
            protocol,
            here[backbone, "pretrained"],
            here[backbone, "random"],
            correct,
            names,
        )
        for (protocol, here), backbone in product(
            by_protocol(groups).items(), BACKBONES
        )
        if (backbone, "pretrained") in here and (backbone, "random") in here
    ]


def describe(
    protocol: Protocol,
    left: Group,
    right: Group,
    correct: Correct,
    names: Mapping[tuple[str, ...], str],
) -> dict[str, Any]:
    """Return a comparison as it stands in the metrics."""
    difference = compare(left.runs, right.runs, correct)
    return {
        "protocol": protocol.label,
        "left": names[left.runs],
        "right": names[right.runs],
        "seeds": [len(left.runs), len(right.runs)],
        "accuracy": [difference.left, difference.right],
        "interval": [difference.low, difference.high],
        "by": difference.by,
        "mcnemar_p": difference.p,
        "verdict": difference.verdict,
    }
