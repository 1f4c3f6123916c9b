"""Which model to use for photos of one's own: the chosen classifier, or a network that was trained.

Both are scored on the same test faces. With few photos a classifier on a frozen backbone's vectors
tends to win: it has little to learn. So a network has to be shown to be better.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.table import records, select
from fer_transfer.settings.searches import TITLES

Model = dict[str, Any]


def compare(
    runs: pd.DataFrame, assessed: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Compare the assessed classifier of each split with the networks trained on it.

    Args:
        runs: The table of all runs.
        assessed: What `assess` wrote, by split.

    Returns:
        By split: models, those right most often first, with accuracy, its 95% interval (low,
        high), macro F1 and deduplicated accuracy on the test faces, of which there are `images`;
        use, the name of the model to use; and why. Splits without a network are left out.
    """
    compared = {}
    for split, result in assessed.items():
        scored = select(runs, **{"split": split, "class": ""})
        by_run = scored.groupby("run", sort=False)
        networks = [network(scores) for _, scores in by_run]
        if networks:
            classifier = chosen_classifier(result["best"])
            compared[split] = {
                "images": result["best"]["test"]["images"],
                "models": sorted(
                    [classifier, *networks], key=lambda model: -model["accuracy"]
                ),
                **recommend(classifier, networks),
            }
    return compared


def network(scores: pd.DataFrame) -> Model:
    """Return a run as a model, from the rows of its scores."""
    by_name = {(row["metric"], row["set"]): row for row in records(scores)}
    test = by_name["accuracy", "test"]
    return {
        "name": test["run"],
        "title": f"{test['network']}, {test['weights']} weights",
        "accuracy": test["value"],
        "low": test["low"],
        "high": test["high"],
        "macro_f1": by_name["macro_f1", "test"]["value"],
        "deduplicated": by_name["accuracy", "deduplicated"]["value"],
    }


def chosen_classifier(best: Mapping[str, Any]) -> Model:
    """Return the best classifier of a split's searches as a model."""
    low, high = best["test"]["interval"]
    backbone = BACKBONES[best["backbone"]].title
    return {
        "name": f"{best['search']}/{best['classifier']}",
        "title": f"{TITLES[best['classifier']]} on {backbone}, frozen",
        "accuracy": best["test"]["accuracy"],
        "low": low,
        "high": high,
        "macro_f1": best["test"]["macro_f1"],
        "deduplicated": best["deduplicated"]["accuracy"],
    }


def recommend(classifier: Model, networks: list[Model]) -> dict[str, str]:
    """Return the model to use, and why: the best network only if its interval lies above."""
    best = max(networks, key=lambda model: model["accuracy"])
    if best["low"] > classifier["high"]:
        why = "it is significantly more often right than the best classifier"
        return {"use": best["name"], "why": why}
    if best["high"] < classifier["low"]:
        why = "it is significantly more often right than every network"
    else:
        why = "no network is significantly better, and it is faster to train and to run"
    return {"use": classifier["name"], "why": why}
