"""What the report's sections hold, put together from what was read."""

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.page import charts, learning, vega
from stages.lib.page.style import BACKBONES, Style
from stages.lib.results.evidence import Evidence, Table
from stages.lib.results.recommend import Candidate
from stages.lib.study.fer2013 import EMOTIONS
from stages.lib.study.settings import Variant

# Those that results depend on, and those that draw.
PACKAGES = (
    "tensorflow",
    "tf-keras",
    "openvino",
    "deepface",
    "numpy",
    "pandas",
    "scikit-learn",
    "h5py",
    "pillow",
    "dvc",
    "altair",
    "vl-convert-python",
    "jinja2",
)

CHANCE = {"accuracy": "accuracy", "loss": "prior_loss"}

# The paper's Table 1.
PAPER_COUNTS = {
    "angry": 4_953,
    "disgust": 547,
    "fear": 5_121,
    "happy": 8_989,
    "sad": 6_077,
    "surprise": 4_002,
    "neutral": 6_198,
}


def why_missing(
    name: str, variant: Variant, official: bool, found: Mapping[str, Mapping[str, Any]]
) -> str:
    """Say how far a variant without results got, by the metrics it left."""
    if name not in found["weights"]:
        fetched = official and variant.weights == "pretrained"
        return "its official weights are not here" if fetched else "it has not started"
    if name not in found["features"]:
        return "its frozen part has not run"
    if name not in found["test"]:
        return "it has not been trained to the end"
    return "what is here belongs to other settings or data"


def rate_rows(
    variants: Mapping[str, Variant], ours: Table, paper: Table, difference: Table
) -> tuple[list[str], list[dict[str, Any]]]:
    """Set a table of rates beside the paper's: the windows, and a row a variant."""
    rows_of = [row for name in variants for row in (ours.get(name), paper.get(name))]
    windows = list(dict.fromkeys(window for row in rows_of if row for window in row))
    rows = []
    for name in variants:
        cells = []
        for window in windows:
            mine = ours.get(name, {}).get(window)
            theirs = paper.get(name, {}).get(window)
            cells.append(
                {
                    "ours": mine,
                    "paper": theirs,
                    "difference": difference.get(name, {}).get(window),
                    "signs_differ": None not in (mine, theirs) and mine * theirs < 0,  # type: ignore[operator]
                }
            )
        rows.append({"variant": name, "cells": cells})
    return windows, rows


def confusion_matrices(confusion: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return by variant a row an emotion: the images of it, and what they are taken for."""
    matrices: dict[str, list[dict[str, Any]]] = {}
    exact = confusion.astype({"share": object}).where(confusion["share"].notna(), None)
    for (variant, actual), pairs in exact.groupby(["variant", "actual"], sort=False):
        cells = pairs.set_index("predicted").loc[list(EMOTIONS)].to_dict("records")
        row = {"emotion": actual, "images": int(pairs["images"].sum()), "cells": cells}
        matrices.setdefault(str(variant), []).append(row)
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
                "paper": PAPER_COUNTS[emotion],
                "faces": [pixels[place] for place in chosen],
            }
        )
    return rows


def show_examples(
    pixels: np.ndarray, rows: np.ndarray, answers: Mapping[str, pd.DataFrame]
) -> list[dict[str, Any]]:
    """Return the seven test images, and by variant what each is taken for."""
    examples = []
    for code, (emotion, row) in enumerate(zip(EMOTIONS, rows, strict=True)):
        shares = {
            name: table.loc[code, list(EMOTIONS)].to_dict()
            for name, table in answers.items()
        }
        examples.append({"emotion": emotion, "face": pixels[row], "answers": shares})
    return examples


def drawings(
    history: pd.DataFrame,
    initial: pd.DataFrame,
    test: pd.DataFrame,
    recall: Table,
    styles: Mapping[str, Style],
    chance: Mapping[str, float],
) -> dict[str, vega.Spec]:
    """Draw every chart for which there are results, by its id on the page."""
    if history.empty:
        return {}
    top = {
        "accuracy": 1.0,
        "loss": np.ceil(2 * float(history[["loss", "val_loss"]].max().max())) / 2,
    }
    drawn = {
        "validation": learning.learning(
            history, "accuracy", styles, 1, ["validation"], height=320
        )
    }
    for backbone in BACKBONES:
        mine = history[history["variant"].map(lambda v: styles[v].backbone) == backbone]
        for metric in () if mine.empty else vega.UNITS:
            name = f"{metric}-{backbone}"
            drawn[name] = learning.learning(mine, metric, styles, top[metric])
    for metric in vega.UNITS:
        drawn[f"initial-{metric}"] = charts.initial(
            initial, metric, styles, chance[CHANCE[metric]]
        )
    drawn["duplicates"] = charts.duplicates(test, styles, chance["accuracy"])
    drawn["recall"] = charts.recall(recall, styles)
    return drawn


def candidates(
    evidence: Evidence,
    variants: Mapping[str, Variant],
    features: Mapping[str, Mapping[str, Any]],
) -> list[Candidate]:
    """List the variants that can be recommended, with what they reach and cost."""
    found = []
    for name in evidence.usable():
        accuracy = evidence.final[name]["deduplicated_accuracy"]
        if accuracy is None or name not in features:
            continue
        backbone = variants[name].backbone
        found.append(
            Candidate(
                name,
                backbone,
                accuracy,
                features[name]["parameters"]["backbone"],
                evidence.milliseconds.get(backbone),
                features[name]["bytes"] / features[name]["images"],
            )
        )
    return found


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages as installed here."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # OpenVINO is an extra
            found[package] = "not installed"
    return found
