"""Score one run on the test set, and measure its calibration.

Reads   data/faces/                        faces.csv, classes.json; votes.csv, for a run that
                                           learned from votes
        data/splits/<split>.npz            val, test, test_has_duplicate, examples
        data/runs/<run>/history.csv        one row per epoch, epochs from 1
        data/runs/<run>/probabilities.npz  val, test: (n, classes) float32, in the split's order
Params  the run
Writes  metrics/test/<run>.json            accuracy, loss, macro F1 and recall on the test set
                                           and on its deduplicated part; the baselines; of a
                                           recipe also without the mirror image, after the last
                                           epoch where another is kept, and by votes
        metrics/calibration/<run>.json     temperature, fitted on the validation set; on the
                                           test set and its deduplicated part, before and
                                           after: ece, loss; the bins of a reliability diagram
        plots/history/<run>.csv            the history: what lies in data/ is not in Git
        plots/predictions/<run>.txt        the code of the class predicted for each test image,
                                           in the split's order
        plots/examples/<run>.csv           the probabilities of the example images
Source  the paper, sections 3.1, 3.2 and 5.2 (Figures 11-17); Guo et al. 2017
"""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.votes import (
    NO_MAJORITY,
    distribution,
    majority,
    voted_classes,
)
from fer_transfer.scoring import calibration, scores
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)


def main(name: str) -> None:
    split_name = load_settings().runs[name].split
    known = faces.read(votes=True)
    split = files.read_npz(Path(f"data/splits/{split_name}.npz"))
    probabilities = files.read_npz(Path(f"data/runs/{name}/probabilities.npz"))
    test, fresh = split["test"], ~split["test_has_duplicate"]
    labels, predicted = known.labels, probabilities["test"]

    logger.info("Scoring %s on %s test images.", name, f"{len(test):,}")
    # A random split leaves an exact duplicate in train for about 7% of FER2013's test images:
    # so every score is given twice.
    metrics = {
        "test": scores.score(labels[test], predicted, known.classes),
        "deduplicated": scores.score(
            labels[test][fresh], predicted[fresh], known.classes
        ),
        "baseline": scores.baseline(labels[test], len(known.classes)),
    }
    for extra in ("unmirrored", "last"):
        if f"{extra}_test" in probabilities:
            metrics[extra] = scores.score(
                labels[test], probabilities[f"{extra}_test"], known.classes
            )
    if "votes_test" in probabilities:
        metrics["votes"] = score_votes(
            known.required_votes.iloc[test], fresh, probabilities
        )
    files.write_json(Path(f"metrics/test/{name}.json"), metrics)
    calibrated = calibrate(labels[split["val"]], labels[test], fresh, probabilities)
    temperature, images = calibrated["temperature"], len(split["val"])
    logger.info(
        "%s: temperature %.3f, by %d validation images.", name, temperature, images
    )
    files.write_json(Path(f"metrics/calibration/{name}.json"), calibrated)

    history = files.read_csv(Path(f"data/runs/{name}/history.csv"))
    files.write_csv(Path(f"plots/history/{name}.csv"), history)
    files.write_codes(Path(f"plots/predictions/{name}.txt"), predicted.argmax(axis=1))
    rows = split["examples"]
    table = pd.DataFrame(
        predicted[np.searchsorted(test, rows)], columns=list(known.classes)
    )
    table.insert(0, "row", rows)
    table.insert(0, "emotion", np.array(known.classes)[labels[rows]])
    files.write_csv(Path(f"plots/examples/{name}.csv"), table)


def score_votes(
    votes: pd.DataFrame, fresh: np.ndarray, probabilities: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Score the probabilities of voted classes (n, voted) by what people see in n test images.

    By the rule of FER+'s authors an image counts if more than half of its votes are for one
    class (`test`); also if one has more than any other (`plurality`).
    """
    classes, predicted = voted_classes(votes), probabilities["votes_test"]
    seen, shares = majority(votes, classes), distribution(votes)
    decided, voted_on = seen != NO_MAJORITY, shares.any(axis=1)
    most = shares.argmax(axis=1)
    result = {
        "test": scores.score(seen[decided], predicted[decided], classes),
        "deduplicated": scores.score(
            seen[decided & fresh], predicted[decided & fresh], classes
        ),
        "plurality": scores.score(most[voted_on], predicted[voted_on], classes),
    }
    if "unmirrored_votes_test" in probabilities:
        straight = probabilities["unmirrored_votes_test"]
        result["unmirrored"] = scores.score(seen[decided], straight[decided], classes)
    return result


def calibrate(
    val_labels: np.ndarray,
    test_labels: np.ndarray,
    fresh: np.ndarray,
    probabilities: dict[str, np.ndarray],
) -> dict[str, Any]:
    """Fit a temperature on the validation set, and measure what it does on the test set."""
    if len(np.unique(val_labels)) < 2:
        raise InputError(
            f"All {len(val_labels)} validation images have one label, by which no temperature "
            "can be fitted. Set another split in params.yaml, or use more images."
        )
    temperature = calibration.fit_temperature(val_labels, probabilities["val"])
    before = probabilities["test"]
    after = calibration.with_temperature(before, temperature)
    return {
        "temperature": temperature,
        "test": compare(test_labels, before, after),
        "deduplicated": compare(test_labels[fresh], before[fresh], after[fresh]),
        "bins": {
            "before": calibration.reliability(test_labels, before),
            "after": calibration.reliability(test_labels, after),
        },
    }


def compare(
    labels: np.ndarray, before: np.ndarray, after: np.ndarray
) -> dict[str, Any]:
    """Measure probabilities (n, classes) before and after scaling; None where there is no image."""
    return {
        name: {
            "ece": calibration.expected_calibration_error(labels, probabilities),
            "loss": scores.cross_entropy(labels, probabilities),
        }
        if len(labels)
        else {"ece": None, "loss": None}
        for name, probabilities in (("before", before), ("after", after))
    }


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
