"""Assess the chosen classifier once, on the test faces, and write the model.

Reads   data/algorithm/faces.npz, faces.csv, classes.json, split.npz, views.npz
        data/algorithm/features, weights      of each backbone
        metrics/algorithm/choose.json, split.json
Params  choose; gather.source; split.seed
Writes  metrics/algorithm/assess/score.json   the choice and its scores, few: DVC compares them
        metrics/algorithm/assess.json         calibration, recall, confusion, leakage
        data/algorithm/model                  the best head of dense layers or logistic
                                              regression: a model folder for tools.recognise
Source  Guo et al. 2017 (fer_transfer/scoring/calibration.py); the paper, section 6

The choice is fitted on the training faces; its temperature is fitted on the validation faces.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from algorithm.lib import dataset, faces, model, scores, verdicts
from algorithm.lib.classifier_names import PORTABLE, TITLES
from algorithm.lib.classifiers import CLASSIFIERS
from algorithm.lib.search import Search
from algorithm.lib.settings import Settings, load_gather, load_settings
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.scoring import calibration

logger = logging.getLogger(__name__)

METRICS = Path("metrics/algorithm")
DATA = Path("data/algorithm")
MOST_TEMPERATURE = (
    99.0  # a model folder's; fitted on a useless classifier it goes to 100
)

Record = dict[str, Any]


def best_of(
    candidates: list[Record], classifiers: tuple[str, ...] | None = None
) -> Record:
    """Return the candidate with the highest score of those it was chosen by, baselines apart."""
    tried = [
        (score["accuracy"], one)
        for one in candidates
        if one["backbone"]
        and (classifiers is None or one["classifier"] in classifiers)
        and (score := verdicts.selection_score(one))
    ]
    if not tried:
        raise InputError(
            "No dense layers and no logistic regression were tried, and a model folder can hold "
            "no other classifier. Add `logistic` or `dense` to `choose.classifiers` in "
            "params.yaml, or more `choose.minutes`."
        )
    return max(tried, key=lambda pair: pair[0])[1]


def assess(
    chosen: Record, data: dataset.Dataset, classes: list[str], settings: Settings
) -> tuple[Pipeline, Record]:
    """Fit the choice on the training faces, and score it on the test faces.

    Returns:
        The fitted pipeline; and temperature, scores before and after it, recall, confusion.
    """
    name = chosen["classifier"]
    vectors = dataset.read_vectors(chosen["backbone"])
    search = Search(
        name, vectors, data, len(classes), settings.choose.folds, settings.split.seed
    )
    fitted_on = data.train
    if not CLASSIFIERS[name].fits_all:
        fitted_on = data.subset(settings.choose.largest, settings.split.seed)
    fitted = search.fit(chosen["settings"], data.rows(fitted_on))
    val, before = (search.predict(fitted, rows) for rows in (data.val, data.test))
    temperature = calibration.fit_temperature(data.labels[data.val], val)
    after = calibration.with_temperature(before, temperature)
    labels, fresh = data.labels[data.test], ~data.test_has_duplicate
    return fitted, {
        "fitted_on": len(fitted_on),
        "temperature": temperature,
        "test": scores.score(labels, after, True),
        "deduplicated": scores.score(labels[fresh], after[fresh], True),
        "calibration": {
            "before": calibration.expected_calibration_error(labels, before),
            "after": calibration.expected_calibration_error(labels, after),
            "bins": calibration.reliability(labels, after),
        },
        "recall": scores.recall(labels, after.argmax(axis=1), classes),
        "confusion": scores.confusion(labels, after.argmax(axis=1), len(classes)),
    }


def write_model(
    chosen: Record, fitted: Pipeline, found: Record, classes: list[str], source: str
) -> None:
    """Write the model folder of a fitted head."""
    whose = (
        "FER2013's test set"
        if source == "fer2013"
        else "held-out faces of its own data"
    )
    model.write_folder(
        DATA / "model",
        chosen["backbone"],
        DATA / f"weights/{chosen['backbone']}.h5",
        model.arrays(model.head_layers(fitted, len(classes))),
        classes,
        min(found["temperature"], MOST_TEMPERATURE),
        model.said_of_test(whose, found["test"], found["deduplicated"]),
    )


def main() -> None:
    settings = load_settings()
    source = load_gather().source
    classes = faces.read().classes
    data = dataset.read()
    chosen = files.read_json(METRICS / "choose.json")
    candidates = list(chosen["candidates"].values())
    best, head = best_of(candidates), best_of(candidates, PORTABLE)
    fitted, found = assess(best, data, classes, settings)
    of_head = found
    if head is not best:
        logger.info(
            "The model folder holds %s: it cannot hold the best, %s, which keeps training images.",
            TITLES[head["classifier"]],
            TITLES[best["classifier"]],
        )
        fitted, of_head = assess(head, data, classes, settings)
    write_model(head, fitted, of_head, classes, source)
    results = {
        "best": describe(best, found),
        "model": describe(head, of_head),
        "same": head is best,
        "majority": majority(data),
        "leakage": files.read_json(METRICS / "split.json")["leakage"],
    }
    files.write_json(METRICS / "assess.json", results)
    files.write_json(METRICS / "assess/score.json", brief(results))


def describe(chosen: Record, found: Record) -> Record:
    named = {key: chosen[key] for key in ("backbone", "classifier", "settings")}
    return {**named, **found}


def majority(data: dataset.Dataset) -> float:
    """Return the accuracy on the test set of the training set's largest class."""
    largest = np.bincount(data.labels[data.train]).argmax()
    return float((data.labels[data.test] == largest).mean())


def brief(results: Record) -> Record:
    """Return the few numbers that DVC's tables of experiments show."""
    best, head = results["best"], results["model"]
    return {
        "backbone": best["backbone"],
        "classifier": best["classifier"],
        "accuracy": best["test"]["accuracy"],
        "macro_recall": best["test"]["macro_recall"],
        "loss": best["test"]["loss"],
        "deduplicated_accuracy": best["deduplicated"]["accuracy"],
        "calibration_error": best["calibration"]["after"],
        "model_accuracy": head["test"]["accuracy"],
    }


if __name__ == "__main__":
    command.run(main)
