"""Which backbone for which situation, from what was measured (the paper's algorithm, step 1)."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import numpy as np

from fer_transfer.results.evidence import final_accuracy
from fer_transfer.results.protocols import at_best_epoch
from fer_transfer.results.study import Study

# A network that keeps less than this share of the best one's lead over the majority-class
# baseline is not worth its speed.
WORTHWHILE = 0.5

# The situation, the backbone that the paper recommends, and what decides (among the worthwhile).
RULES = (
    ("Quality first", "vggface", max, "accuracy"),
    ("Speed first", "openface", min, "milliseconds"),
    ("Few resources", "openface", min, "resources"),
)


def find(study: Study, names: Iterable[str]) -> dict[str, Any]:
    """Recommend groups, at their best epoch if known, by accuracy without duplicates."""
    at_best = at_best_epoch(study.ran)
    labels = study.data.labels[study.data.deduplicated(study.data.paper_split)]
    baseline = np.bincount(labels).max() / len(labels) if len(labels) else 0.0
    candidates = [
        describe(study, name, accuracy.mean)
        for name in (at_best.get(name, name) for name in names)
        if name in study.measured and name not in study.uninformative
        if (accuracy := final_accuracy(study, name))
    ]
    return recommend(candidates, float(baseline))


def describe(study: Study, name: str, accuracy: float) -> dict[str, Any]:
    """Return a group with its accuracy and its costs: of the backbone, and of features on disk."""
    backbone, measured = study.ran[name].backbone, study.measured[name]
    parameters = measured["parameters"]["backbone"]
    bytes_per_image = measured["bytes"] / measured["images"]
    return {
        "variant": name,
        "accuracy": accuracy,
        "milliseconds": study.costs.get(backbone),
        "parameters": parameters,
        "bytes_per_image": bytes_per_image,
        # Halving either counts the same.
        "resources": parameters * bytes_per_image,
    }


def recommend(candidates: list[dict[str, Any]], baseline: float) -> dict[str, Any]:
    """Choose a group for each situation; none where nothing beats the majority-class baseline."""
    best_lead = max((row["accuracy"] for row in candidates), default=0.0) - baseline
    candidates = [
        row | {"worthwhile": row["accuracy"] - baseline >= WORTHWHILE * best_lead > 0}
        for row in candidates
    ]
    worthwhile = [row for row in candidates if row["worthwhile"]]
    advice = []
    for situation, of_paper, pick, quantity in RULES:
        known = [row for row in worthwhile if row[quantity] is not None]
        choice = pick(known, key=itemgetter(quantity))["variant"] if known else None
        advice.append({"situation": situation, "choice": choice, "paper": of_paper})
    return {"baseline": baseline, "candidates": candidates, "advice": advice}
