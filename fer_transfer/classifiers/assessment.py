"""The best of several searches on one split, and its scores on the test set."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_transfer.classifiers.selection import Record, summarize
from fer_transfer.recognise import metadata
from fer_transfer.scoring import calibration, scores
from fer_transfer.settings.classifiers import BASELINES


def candidates(searches: dict[str, Record]) -> list[Record]:
    """Return the classifiers of all searches of one split, the best first.

    Args:
        searches: What `choose` wrote, by the name of the search.

    Returns:
        The records of `choose`, with search, variant, backbone, classifier and verdict, which
        rests on whether intervals of accuracy overlap; the baselines once, without a search;
        those that were skipped last.
    """
    rows: list[Record] = []
    for search, choice in searches.items():
        keys = ("variant", "backbone")
        of_search = {"search": search, **{key: choice[key] for key in keys}}
        for name, record in choice["candidates"].items():
            if name not in BASELINES:
                rows.append({**of_search, "classifier": name, **record})
            elif choice is next(iter(searches.values())):  # they look at labels alone
                rows.append({"classifier": name, **record})
    rows.sort(key=lambda row: -row["score"]["accuracy"] if "score" in row else 1.0)
    majority = next(row for row in rows if row["classifier"] == "majority")
    for row in rows:
        row["verdict"] = _verdict(row, rows[0], majority)
    return rows


def _verdict(row: Record, best: Record, majority: Record) -> str:
    if "score" not in row:
        return f"not tried: {row['skipped']}"
    if row is best:
        return "best"
    low, high = row["score"]["interval"]
    if high >= best["score"]["interval"][0]:
        return "not significantly worse"
    useless = low <= majority["score"]["interval"][1]
    return "no better than the majority class" if useless else "worse"


def best_of(rows: list[Record], role: str, searches: dict[str, Record]) -> Record:
    """Return the best candidate of those that their searches chose for a role."""
    return next(
        row
        for row in rows
        if "search" in row and row["classifier"] == searches[row["search"]][role]
    )


def assess(
    uncalibrated: np.ndarray,
    temperature: float,
    labels: np.ndarray,
    has_duplicate: np.ndarray,
    classes: Sequence[str],
) -> dict[str, Any]:
    """Score a classifier on the test set.

    Args:
        uncalibrated: Probabilities of the test faces, (n, classes).
        temperature: What calibrates them.
        labels: Their codes, (n,).
        has_duplicate: (n,) bool, whether the training set has a copy.
        classes: The names of the classes.

    Returns:
        test and deduplicated: images, accuracy, interval, macro_f1 and, of the test set, loss;
        calibration: the error before and after the temperature, and the bins after it;
        recall: by class, with images and interval; confusion: a row per label.
    """
    calibrated = calibration.with_temperature(uncalibrated, temperature)
    by_class = metadata.score("", classes, labels, calibrated.argmax(axis=1))
    return {
        "test": {
            **summarize(labels, calibrated, classes),
            "loss": scores.cross_entropy(labels, calibrated),
        },
        "deduplicated": summarize(
            labels[~has_duplicate], calibrated[~has_duplicate], classes
        ),
        "calibration": {
            "before": calibration.expected_calibration_error(labels, uncalibrated),
            "after": calibration.expected_calibration_error(labels, calibrated),
            "bins": calibration.reliability(labels, calibrated),
        },
        "recall": by_class["by_class"],
        "confusion": by_class["confusion"],
    }
