"""Score one run on the test set.

Reads   data/labels.npz                    labels (N,) uint8: positions in EMOTIONS
        data/split.npz                     test, test_has_duplicate, examples
        data/runs/<run>/history.csv        one row per epoch, epochs from 1
        data/runs/<run>/probabilities.npz  test (n_test, 7) float32
Writes  metrics/test/<run>.json            accuracy, loss, macro F1 and recall on the test set
                                           and on its deduplicated part; the baselines
        plots/history/<run>.csv            the history: what lies in data/ is not in Git
        plots/predictions/<run>.txt        the code of the emotion predicted for each test
                                           image, in the split's order
        plots/examples/<run>.csv           the probabilities of the seven example images
Source  the paper, sections 3.1, 3.2 and 5.2 (Figures 11-17)
"""

import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.scoring import scores

logger = logging.getLogger(__name__)

NAMES = np.array(EMOTIONS)


def main(name: str) -> None:
    run = _trained(name)
    labels = files.read_npz(Path("data/labels.npz"))["labels"]
    split = files.read_npz(Path("data/split.npz"))
    probabilities = files.read_npz(run / "probabilities.npz")["test"]
    test = split["test"]
    _check_shape(probabilities, len(test), name)

    logger.info("Scoring %s on %s test images.", name, f"{len(test):,}")
    files.write_json(
        Path(f"metrics/test/{name}.json"),
        score_parts(labels[test], probabilities, split["test_has_duplicate"]),
    )

    logger.info("Writing its history and predictions to plots/.")
    history = files.read_csv(run / "history.csv")
    files.write_csv(Path(f"plots/history/{name}.csv"), history)
    predicted = probabilities.argmax(axis=1)
    files.write_codes(Path(f"plots/predictions/{name}.txt"), predicted)
    examples = split["examples"]
    files.write_csv(
        Path(f"plots/examples/{name}.csv"),
        show_examples(
            examples,
            labels[examples],
            probabilities[np.searchsorted(test, examples)],
        ),
    )


def score_parts(
    labels: np.ndarray, probabilities: np.ndarray, has_duplicate: np.ndarray
) -> dict[str, object]:
    """Score the test set (N,), (N, 7), and the part that has no exact duplicate in train.

    A test image with a duplicate in train is leakage, and a random split leaves one for about
    7 % of FER2013's test images: so every score is given twice.
    """
    return {
        "test": scores.score(labels, probabilities),
        "deduplicated": scores.score(
            labels[~has_duplicate], probabilities[~has_duplicate]
        ),
        "baseline": scores.baseline(labels),
    }


def show_examples(
    rows: np.ndarray, labels: np.ndarray, probabilities: np.ndarray
) -> pd.DataFrame:
    """Set the probabilities (7, 7) of the example images beside their rows and labels."""
    table = pd.DataFrame(probabilities, columns=list(EMOTIONS))
    table.insert(0, "row", rows)
    table.insert(0, "emotion", NAMES[labels])
    return table


def _trained(run_name: str) -> Path:
    """Return the folder of a run that has been trained."""
    run = Path("data/runs") / run_name
    for name in ("history.csv", "probabilities.npz"):
        if not (run / name).is_file():
            raise InputError(
                f"There is no {run / name}: `{run_name}` has not been trained here. "
                f"Run `dvc repro evaluate@{run_name}`, which trains it first."
            )
    return run


def _check_shape(probabilities: np.ndarray, num_test: int, run_name: str) -> None:
    expected = (num_test, len(EMOTIONS))
    if probabilities.shape != expected:
        raise InputError(
            f"The test probabilities of `{run_name}` do not belong to data/split.npz: "
            f"expected shape {expected}, got {probabilities.shape}. "
            f"Run `dvc repro evaluate@{run_name}`, which trains it again on this split."
        )


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
