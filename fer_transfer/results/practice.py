"""What a practitioner asks: how good a network gets, from how many images, and which model to use.

Networks trained on the sets that the data come with are shown by themselves: the competition's are
those on which most published results rest. For photos of one's own, the classifier that the
searches chose is compared with the networks trained on the same split.
"""

from collections.abc import Mapping
from operator import itemgetter
from statistics import fmean
from typing import Any

import pandas as pd

from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.inputs import Result
from fer_transfer.results.protocols import Group
from fer_transfer.results.study import Study
from fer_transfer.results.table import records, select
from fer_transfer.settings.classifiers import TITLES

CALIBRATED = ("before", "after")  # temperature scaling
# What a run on few images sets otherwise.
BY_NUMBER = "train_per_class", "epochs", "batch_size", "average", "early_stopping"

Model = dict[str, Any]


def find(study: Study, runs: pd.DataFrame) -> dict[str, Any]:
    """Describe the groups trained on sets that the data come with.

    Returns:
        by_class: by group, recall by class, and the calibration error before and after temperature
        scaling, on the test images, means over seeds. curve: of the groups with a counterpart on
        another number of training images, a row per run: what trains, images per class (None: all),
        accuracy on the test images, not mirrored, and its 95% interval over images.
    """
    groups = {
        name: group
        for name, group in study.ran.items()
        if study.settings.splits[group.protocol.split].by == "parts"
    }
    return {
        "by_class": {
            name: over_seeds([study.results[run] for run in group.runs])
            for name, group in groups.items()
        },
        "curve": curve(groups, runs),
    }


def over_seeds(results: list[Result]) -> dict[str, Any]:
    """Return recall by class and calibration errors on the test images, as means over runs."""
    recall = pd.DataFrame([result.test["test"]["recall"] for result in results])
    tests = [result.calibration["test"] for result in results]
    errors = {key: fmean(test[key]["ece"] for test in tests) for key in CALIBRATED}
    return {"recall": recall.mean().dropna().to_dict(), "calibration_error": errors}


def curve(ran: Mapping[str, Group], runs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the test accuracy by images per class, for each way of training that has several."""
    accuracies = select(runs, metric="accuracy")
    alone = {
        row["run"]: row
        for part in ("test", "unmirrored")
        for row in records(select(accuracies, set=part))
    }
    rows = [
        {
            "trains": f"{BACKBONES[group.backbone].title}, {group.protocol.layers}",
            "weights": group.weights,
            "protocol": group.protocol.without(*BY_NUMBER).label,
            "per_class": dict(group.protocol.recipe).get("train_per_class"),
            **{key: row[key] for key in ("run", "value", "low", "high")},
        }
        for row in alone.values()
        if (group := ran.get(row["group"]))
        and "train_share" not in dict(group.protocol.recipe)
    ]
    training = itemgetter("trains", "weights", "protocol")
    several = {training(row) for row in rows if row["per_class"]}
    compared = [row for row in rows if training(row) in several]
    return sorted(compared, key=lambda row: row["per_class"] or float("inf"))


def compare(
    runs: pd.DataFrame, assessed: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Compare the assessed classifier of each split with the networks trained on it.

    A classifier on a frozen backbone's vectors is quicker to train and to run, so a network has to
    be shown to be better: the one that is best on validation, because choosing the best on test
    would favour chance. Both are scored as their model files predict: the classifier is the best
    that a file can hold, and a network sees no mirror image.

    Args:
        runs: The table of all runs.
        assessed: What `assess` wrote, by split.

    Returns:
        By split: models, those right most often first, with accuracy, its 95% interval (low,
        high), macro F1 and deduplicated accuracy on the test faces, of which there are `images`,
        and a network's accuracy on validation; use, the name of the model to use; and why. Splits
        without a network are left out.
    """
    compared = {}
    for split, result in assessed.items():
        groups = select(runs, split=split).groupby("group", sort=False)
        networks = [best_run(rows) for _, rows in groups]
        if networks:
            classifier = chosen_classifier(result["model"])
            models = [classifier, *networks]
            compared[split] = {
                "images": result["model"]["test"]["images"],
                "models": sorted(models, key=itemgetter("accuracy"), reverse=True),
                **recommend(classifier, networks),
            }
    return compared


def best_run(scores: pd.DataFrame) -> Model:
    """Return the run of a group that is best on validation, as a model."""
    models = [network(rows) for _, rows in scores.groupby("run", sort=False)]
    return max(models, key=itemgetter("validation"))


def network(scores: pd.DataFrame) -> Model:
    """Return a run as a model, from the rows of its scores."""
    by_name = {(row["metric"], row["set"]): row for row in records(scores)}
    # An augmented run is also scored without mirror images, as its file predicts.
    part = "unmirrored" if ("accuracy", "unmirrored") in by_name else "test"
    test, deduplicated = by_name["accuracy", part], by_name["accuracy", "deduplicated"]
    epochs = select(scores, metric="accuracy", set="val")["value"]
    best_is_kept = ("accuracy", "last") in by_name
    return {
        "name": test["run"],
        "title": f"{test['network']}, {test['weights']} weights",
        "accuracy": test["value"],
        "low": test["low"],
        "high": test["high"],
        "validation": epochs.max() if best_is_kept else epochs.iloc[-1],
        "macro_f1": by_name["macro_f1", part]["value"],
        "deduplicated": deduplicated["value"] if part == "test" else None,
    }


def chosen_classifier(chosen: Mapping[str, Any]) -> Model:
    """Return the classifier of a split's model file as a model."""
    low, high = chosen["test"]["interval"]
    backbone = BACKBONES[chosen["backbone"]].title
    return {
        "name": f"{chosen['search']}/{chosen['classifier']}",
        "title": f"{TITLES[chosen['classifier']]} on {backbone}, frozen",
        "accuracy": chosen["test"]["accuracy"],
        "low": low,
        "high": high,
        "validation": None,
        "macro_f1": chosen["test"]["macro_f1"],
        "deduplicated": chosen["deduplicated"]["accuracy"],
    }


def recommend(classifier: Model, networks: list[Model]) -> dict[str, str]:
    """Return the model to use, and why: a network only if its interval lies above."""
    best = max(networks, key=itemgetter("validation"))
    if best["low"] > classifier["high"]:
        return {"use": best["name"], "why": "its interval lies above the classifier's"}
    verb = "lies above" if best["high"] < classifier["low"] else "is not below"
    why = f"its interval {verb} that of the network that is best on validation"
    return {"use": classifier["name"], "why": why}
