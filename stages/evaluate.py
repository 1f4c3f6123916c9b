"""Score one variant on the test set.

Reads   data/images.npz                        labels (N,) uint8: positions in EMOTIONS
        data/split.npz                         test, test_has_twin, examples
        data/runs/<variant>/history.csv        a row per epoch, epochs from 1
        data/runs/<variant>/probabilities.npz  test (n_test, 7) float32
Writes  metrics/test/<variant>.json            accuracy, loss, macro F1 and recall on the test
                                               set, on its twin-free part, and by chance
        plots/history/<variant>.csv            the history: what lies in data/ is not in Git
        plots/predictions/<variant>.csv        actual, predicted: names, a row per test image
        plots/examples/<variant>.csv           the probabilities of the seven example images
Source  the paper, sections 3.1, 3.2 and 5.2 (Figures 11-17)
"""

import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from stages.lib import console, files, scores
from stages.lib.fer2013 import EMOTIONS

logger = logging.getLogger(__name__)

NAMES = np.array(EMOTIONS)


def main(variant: str) -> None:
    run = _trained(variant)
    labels = files.read_npz(Path("data/images.npz"))["labels"]
    split = files.read_npz(Path("data/split.npz"))
    probabilities = files.read_npz(run / "probabilities.npz")["test"]
    test = split["test"]
    _check_shape(probabilities, len(test), variant)

    logger.info("Scoring %s on %s test images.", variant, f"{len(test):,}")
    files.write_json(
        Path(f"metrics/test/{variant}.json"),
        score_parts(labels[test], probabilities, split["test_has_twin"]),
    )

    logger.info("Writing its history and predictions to plots/.")
    history = files.read_csv(run / "history.csv")
    files.write_csv(Path(f"plots/history/{variant}.csv"), history)
    files.write_csv(
        Path(f"plots/predictions/{variant}.csv"), name_all(labels[test], probabilities)
    )
    examples = split["examples"]
    files.write_csv(
        Path(f"plots/examples/{variant}.csv"),
        show_examples(
            examples,
            labels[examples],
            probabilities[np.searchsorted(test, examples)],
        ),
    )


def score_parts(
    labels: np.ndarray, probabilities: np.ndarray, has_twin: np.ndarray
) -> dict[str, object]:
    """Score the test set (N,), (N, 7), and the part that has no exact copy in train.

    A copy that a network was trained on measures its memory, and a random split leaves
    one for about 7 % of FER2013's test images: so every score is given twice.
    """
    return {
        "test": scores.score(labels, probabilities),
        "twin_free": scores.score(labels[~has_twin], probabilities[~has_twin]),
        "chance": scores.chance(labels),
    }


def name_all(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Name what each image shows and what the network takes it for."""
    predicted = probabilities.argmax(axis=1)
    return pd.DataFrame({"actual": NAMES[labels], "predicted": NAMES[predicted]})


def show_examples(
    rows: np.ndarray, labels: np.ndarray, probabilities: np.ndarray
) -> pd.DataFrame:
    """Set the probabilities (7, 7) of the example images beside their rows and labels."""
    table = pd.DataFrame(probabilities, columns=list(EMOTIONS))
    table.insert(0, "row", rows)
    table.insert(0, "emotion", NAMES[labels])
    return table


def _trained(variant: str) -> Path:
    """Return the folder of a trained variant's run."""
    run = Path("data/runs") / variant
    for name in ("history.csv", "probabilities.npz"):
        if not (run / name).is_file():
            raise console.InputError(
                f"There is no {run / name}: `{variant}` has not been trained here. "
                f"Run `dvc repro evaluate@{variant}`, which trains it first."
            )
    return run


def _check_shape(probabilities: np.ndarray, num_test: int, variant: str) -> None:
    expected = (num_test, len(EMOTIONS))
    if probabilities.shape != expected:
        raise console.InputError(
            f"The test probabilities of `{variant}` do not belong to data/split.npz: "
            f"expected shape {expected}, got {probabilities.shape}. "
            f"Run `dvc repro evaluate@{variant}`, which trains it again on this split."
        )


if __name__ == "__main__":
    console.run(main, *sys.argv[1:])
