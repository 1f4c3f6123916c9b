"""Which backbone for which situation, from what was measured (the paper's algorithm, step 1)."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results.study import Study
from fer_transfer.results.table import select

# A network that keeps less than this share of the best one's lead over the majority-class
# baseline is not worth its speed.
WORTHWHILE = 0.5


@dataclass(frozen=True)
class Candidate:
    """A variant with results, and what it costs."""

    variant: str
    backbone: str
    accuracy: float  # on the test images without a duplicate in train
    parameters: int  # of the backbone
    milliseconds: float | None  # per image through the backbone; None: not measured
    bytes_per_image: float  # of features on disk

    @property
    def resources(self) -> float:
        """Weigh parameters and features alike: halving either counts the same."""
        return self.parameters * self.bytes_per_image


# The situation, the rule, and the backbone that the paper recommends.
RULES = (
    (
        "Quality first",
        "the highest accuracy on the test images without a duplicate in train",
        "vggface",
    ),
    (
        "Speed first",
        "the fewest milliseconds an image among the worthwhile",
        "openface",
    ),
    (
        "Few resources",
        "the smallest product of parameters and features’ size among the worthwhile",
        "openface",
    ),
)


def find(study: Study, names: Iterable[str], groups: pd.DataFrame) -> dict[str, Any]:
    """Recommend groups by their accuracy on the images that the baseline is of."""
    labels = study.data.labels[study.data.fresh(study.data.paper_split)]
    baseline = np.bincount(labels).max() / len(labels) if len(labels) else 0.0
    accuracy = select(groups, metric="accuracy", set="deduplicated")
    means = accuracy.dropna(subset="mean").set_index("group")["mean"]
    candidates = [
        candidate(study, name, float(means[name]))
        for name in names
        if name in means and name in study.measured and name not in study.uninformative
    ]
    return recommend(candidates, float(baseline))


def candidate(study: Study, name: str, accuracy: float) -> Candidate:
    """Return a group with what it reaches and costs."""
    backbone, measured = study.ran[name].backbone, study.measured[name]
    return Candidate(
        name,
        backbone,
        accuracy,
        measured["parameters"]["backbone"],
        study.costs.get(backbone),
        measured["bytes"] / measured["images"],
    )


def worthwhile(candidates: Sequence[Candidate], baseline: float) -> list[Candidate]:
    """Return those that keep at least half of the best one's lead over the baseline."""
    lead = max((one.accuracy - baseline for one in candidates), default=0)
    if lead <= 0:
        return []
    return [one for one in candidates if one.accuracy - baseline >= WORTHWHILE * lead]


def recommend(candidates: Sequence[Candidate], baseline: float) -> dict[str, Any]:
    """Choose a group for each situation; none where nothing beats the majority-class baseline."""
    good = worthwhile(candidates, baseline)
    timed = [one for one in good if one.milliseconds is not None]
    choices = (
        max(good, key=lambda one: one.accuracy, default=None),
        min(timed, key=lambda one: one.milliseconds or 0, default=None),
        min(good, key=lambda one: one.resources, default=None),
    )
    return {
        "baseline": baseline,
        "candidates": [
            {**asdict(one), "worthwhile": one in good} for one in candidates
        ],
        "advice": [
            {
                "situation": situation,
                "rule": rule,
                "choice": choice and choice.variant,
                "paper": paper,
            }
            for (situation, rule, paper), choice in zip(RULES, choices, strict=True)
        ],
    }
