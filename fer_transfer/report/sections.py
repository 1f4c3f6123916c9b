"""What the report's sections hold, put together from what was read."""

from collections.abc import Iterable, Mapping
from statistics import stdev
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import paper
from fer_transfer.results.evidence import Evidence
from fer_transfer.results.protocols import Group
from fer_transfer.results.recommend import Candidate
from fer_transfer.results.seeds import first_runs
from fer_transfer.scoring.significance import mean_interval
from fer_transfer.settings.settings import Settings

Rates = Mapping[str, Mapping[str, float]]  # by variant and window of epochs


def why_missing(
    name: str,
    settings: Settings,
    stale: Mapping[str, str],
    found: Mapping[str, Mapping[str, Any]],
) -> str:
    """Say why a run is stale; or how far it got, by the metrics it left."""
    if name in stale:
        return stale[name]
    variant = settings.runs[name].variant
    if variant not in found["weights"]:
        is_official = settings.weights.pretrained == "official"
        fetched = is_official and settings.variants[variant].weights == "pretrained"
        return "its official weights are not here" if fetched else "it has not started"
    if variant not in found["features"]:
        return "its frozen part has not run"
    return "it has not been trained to the end"


def rate_rows(
    names: Iterable[str], ours: Rates, published: Rates, difference: Rates
) -> tuple[list[str], list[dict[str, Any]]]:
    """Set a table of rates beside the paper's: the windows, and one row per variant."""
    pairs = {name: (ours.get(name, {}), published.get(name, {})) for name in names}
    windows = list(
        dict.fromkeys(
            window for pair in pairs.values() for row in pair for window in row
        )
    )
    rows = []
    for name, (mine, theirs) in pairs.items():
        cells = []
        for window in windows:
            here, there = mine.get(window), theirs.get(window)
            both = here is not None and there is not None
            cells.append(
                {
                    "ours": here,
                    "paper": there,
                    "difference": difference.get(name, {}).get(window),
                    "signs_differ": both and here * there < 0,  # type: ignore[operator]
                }
            )
        rows.append({"variant": name, "cells": cells})
    return windows, rows


def spread(evidence: Evidence) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Return how each number scatters over seeds, where there are several.

    By table, group and key: the standard deviation, and the 95% interval of the mean.
    """
    return {
        table: {
            name: {
                key: {"deviation": stdev(values), "interval": mean_interval(values)}
                for key in rows[0]
                if None not in (values := [row[key] for row in rows])
            }
            for name, rows in groups.items()
            if len(rows) > 1
        }
        for table, groups in evidence.tables.items()
    }


def confusion_matrices(
    confusion: pd.DataFrame, names: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return the confusion matrices of some variants: one row per emotion, with its images."""
    matrices: dict[str, list[dict[str, Any]]] = {}
    exact = confusion.astype({"share": object}).where(confusion["share"].notna(), None)
    exact = first_runs(exact[exact["variant"].isin(list(names))])
    for (run, actual), pairs in exact.groupby(["run", "actual"], sort=False):
        cells = pairs.set_index("predicted").loc[list(EMOTIONS)].to_dict("records")
        row = {"emotion": actual, "images": int(pairs["images"].sum()), "cells": cells}
        matrices.setdefault(str(run), []).append(row)
    return matrices


def dataset_rows(
    counts: Mapping[str, int],
    pixels: np.ndarray,
    labels: np.ndarray,
    seed: int,
    num: int,
) -> list[dict[str, Any]]:
    """Return Table 1, ours beside the paper's, with some faces of each emotion."""
    random = np.random.default_rng(seed)
    total = sum(counts.values())
    rows = []
    for code, emotion in enumerate(EMOTIONS):
        places = np.flatnonzero(labels == code)
        chosen = random.choice(places, min(num, len(places)), replace=False)
        rows.append(
            {
                "emotion": emotion,
                "ours": counts[emotion],
                "share": counts[emotion] / total,
                "paper": paper.CLASS_COUNTS[emotion],
                "faces": [pixels[place] for place in chosen],
            }
        )
    return rows


def show_examples(
    pixels: np.ndarray, rows: np.ndarray, predictions: Mapping[str, pd.DataFrame]
) -> list[dict[str, Any]]:
    """Return the seven test images, and the probabilities that each run predicts."""
    examples = []
    for code, (emotion, row) in enumerate(zip(EMOTIONS, rows, strict=True)):
        shares = {
            name: table.loc[code, list(EMOTIONS)].to_dict()
            for name, table in predictions.items()
        }
        examples.append(
            {"emotion": emotion, "face": pixels[row], "predictions": shares}
        )
    return examples


def candidates(
    evidence: Evidence,
    groups: Mapping[str, Group],
    measured: Mapping[str, Mapping[str, Any] | None],
) -> list[Candidate]:
    """List the variants that can be recommended, with what they reach and cost."""
    found = []
    for name in evidence.usable():
        accuracy = evidence.mean("final", name, "deduplicated_accuracy")
        features = measured.get(name)
        if accuracy is None or not features:
            continue
        backbone = groups[name].backbone
        found.append(
            Candidate(
                name,
                backbone,
                accuracy,
                features["parameters"]["backbone"],
                evidence.milliseconds.get(backbone),
                features["bytes"] / features["images"],
            )
        )
    return found
