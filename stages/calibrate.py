"""Measure the calibration of one run, before and after temperature scaling.

Reads   data/labels.npz                    labels (N,) uint8: positions in EMOTIONS
        data/split.npz                     val, test, test_has_duplicate
        data/runs/<run>/probabilities.npz  val, test: (n, 7) float32, in the split's order
Writes  metrics/calibration/<run>.json     temperature, fitted on the validation set; on the
                                           test set and its deduplicated part, before and
                                           after: ece, loss; on the test set the bins of a
                                           reliability diagram
Source  Guo et al. 2017 (fer_transfer/scoring/calibration.py); not in the paper
"""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.scoring import calibration, scores

logger = logging.getLogger(__name__)


def main(name: str) -> None:
    labels = files.read_npz(Path("data/labels.npz"))["labels"]
    split = files.read_npz(Path("data/split.npz"))
    probabilities = read_probabilities(name, split)
    val_labels, test_labels = labels[split["val"]], labels[split["test"]]
    if len(np.unique(val_labels)) < 2:
        raise InputError(
            f"All {len(val_labels)} validation images have one label, by which no temperature "
            "can be fitted. Set another `split` in params.yaml, or use more images."
        )
    temperature = calibration.fit_temperature(val_labels, probabilities["val"])
    logger.info("Dividing the logits of %s by %.3f.", name, temperature)
    before = probabilities["test"]
    after = calibration.with_temperature(before, temperature)
    fresh = ~split["test_has_duplicate"]
    files.write_json(
        Path(f"metrics/calibration/{name}.json"),
        {
            "temperature": temperature,
            "test": compare(test_labels, before, after),
            "deduplicated": compare(test_labels[fresh], before[fresh], after[fresh]),
            "bins": {
                "before": calibration.reliability(test_labels, before),
                "after": calibration.reliability(test_labels, after),
            },
        },
    )


def read_probabilities(
    run_name: str, split: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Read the probabilities that a run predicts on the validation and test sets, (n, 7) each.

    Raises:
        InputError: If the file is missing, belongs to another split or holds no probabilities.
    """
    path = Path(f"data/runs/{run_name}/probabilities.npz")
    again = f"Run `dvc repro calibrate@{run_name}`, which trains it first."
    if not path.is_file():
        raise InputError(
            f"There is no {path}: `{run_name}` has not been trained here. {again}"
        )
    found = files.read_npz(path)
    for part in ("val", "test"):
        expected = (len(split[part]), len(EMOTIONS))
        if part not in found:
            raise InputError(f"{path} has no `{part}`. Remove it. {again}")
        if found[part].shape != expected:
            raise InputError(
                f"The {part} probabilities of `{run_name}` do not belong to data/split.npz: "
                f"expected shape {expected}, got {found[part].shape}. Remove {path}. {again}"
            )
        # Not a number fails both comparisons.
        if not ((found[part] >= 0) & (found[part] <= 1.001)).all():
            raise InputError(
                f"The {part} probabilities of `{run_name}` are none: some are not a number, or "
                f"not between 0 and 1. Remove {path}. {again}"
            )
        if not found[part].any(axis=1).all():
            raise InputError(
                f"The {part} probabilities of `{run_name}` are none: those of an image are all "
                f"0. Remove {path}. {again}"
            )
    return found


def compare(
    labels: np.ndarray, before: np.ndarray, after: np.ndarray
) -> dict[str, Any]:
    """Measure probabilities (n, 7) before and after scaling; None where there is no image."""
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
