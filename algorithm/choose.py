"""Compare classifiers on each backbone's vectors, and choose one and its settings.

Reads   data/algorithm/faces.npz, classes.json, split.npz, views.npz
        data/algorithm/features            of each backbone, 0.npy
        metrics/algorithm/split.json       whether the validation set came with the data
Params  choose; features.backbones; split.seed
Writes  metrics/algorithm/choose.json      a record per backbone and classifier: settings, images
                                           it was fitted on, scores, verdict
        metrics/algorithm/choose.csv       the same as a table
Source  the paper, section 6 (select the hyper-parameters); Varma and Simon 2006, "Bias in error
        estimation when using cross-validation for model selection" (nested cross-validation)

Where the data come with a validation set (FER2013), settings are chosen on it, and each choice is
scored on the test set too, for the table. Else the training faces are cross-validated, grouped
and nested, and the test set is left to `assess`.
"""

import logging
import time
from pathlib import Path
from typing import Any

import pandas as pd

from algorithm.lib import dataset, faces, verdicts
from algorithm.lib.classifier_names import BASELINES
from algorithm.lib.classifiers import CLASSIFIERS
from algorithm.lib.search import Search
from algorithm.lib.settings import Settings, load_settings
from fer_transfer.console import command
from fer_transfer.core import files

logger = logging.getLogger(__name__)

PARTS = ("val", "cross_validation", "test", "deduplicated")

Record = dict[str, Any]


def compare(settings: Settings, val_given: bool, num_classes: int) -> list[Record]:
    """Score every classifier on every backbone, until the time is up."""
    data = dataset.read()
    searched = data.subset(settings.choose.largest, settings.split.seed)
    vectors = {name: dataset.read_vectors(name) for name in settings.backbones}
    until = time.monotonic() + 60 * settings.choose.minutes
    records = []
    for name in (*BASELINES, *settings.classifiers):
        # A baseline does not look at vectors: one backbone's will do.
        for backbone in settings.backbones[: 1 if name in BASELINES else None]:
            record: Record = {
                "backbone": "" if name in BASELINES else backbone,
                "classifier": name,
            }
            if time.monotonic() < until:
                search = Search(
                    name,
                    vectors[backbone],
                    data,
                    num_classes,
                    settings.choose.folds,
                    settings.split.seed,
                )
                found = search.held_out if val_given else search.nested
                record |= found(
                    data.train if CLASSIFIERS[name].searches_all else searched
                )
                _say(record)
            records.append(record)
    return records


def candidate(record: Record) -> str:
    """Name a record: `mobilenet/logistic`, or a baseline's name alone."""
    return "/".join(filter(None, [record["backbone"], record["classifier"]]))


def _say(record: Record) -> None:
    score = verdicts.selection_score(record)
    logger.info(
        "%s: accuracy %.4f, with %s.",
        candidate(record),
        score["accuracy"] if score else float("nan"),
        record["settings"] or "no settings",
    )


def tabulate(records: list[Record]) -> pd.DataFrame:
    """Return the records as a table, a row each; a cell without a value is empty."""
    rows = []
    for record in records:
        settings = record.get("settings") or {}
        row: Record = {
            "backbone": record["backbone"],
            "classifier": record["classifier"],
            "settings": " ".join(f"{key}={value}" for key, value in settings.items()),
            "images": record.get("images"),
        }
        for part in PARTS:
            score = record.get(part)
            if score:
                row[part] = score["accuracy"]
                row[f"{part}_low"], row[f"{part}_high"] = (
                    score["interval"] or (None,) * 2
                )
                row[f"{part}_macro_recall"] = score["macro_recall"]
                row[f"{part}_loss"] = score["loss"]
        rows.append(row | {"verdict": record["verdict"]})
    table = pd.DataFrame(rows)
    last = table.pop("verdict")
    return table.assign(images=table["images"].astype("Int64"), verdict=last)


def main() -> None:
    settings = load_settings()
    classes = faces.read().classes
    val_given = files.read_json(Path("metrics/algorithm/split.json"))["val_given"]
    records = compare(settings, val_given, len(classes))
    for record, verdict in zip(records, verdicts.judge(records), strict=True):
        record["verdict"] = verdict
    data = dataset.read()
    searched = data.subset(settings.choose.largest, settings.split.seed)
    files.write_json(
        Path("metrics/algorithm/choose.json"),
        {
            "selected_by": "val" if val_given else "cross_validation",
            "train": len(data.train),
            "searched": len(searched),
            "candidates": {candidate(record): record for record in records},
        },
    )
    files.write_csv(Path("metrics/algorithm/choose.csv"), tabulate(records))


if __name__ == "__main__":
    command.run(main)
