"""What most people see in a face, from their votes.

Source: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution" (ICMI 2016, arXiv:1608.01041); `majority` in
https://github.com/microsoft/FERPlus, src/ferplus.py.
"""

import numpy as np
import pandas as pd

from fer_transfer.data.emotions import WORDS

NO_MAJORITY = -1
NO_CLASS = ("unknown", "NF")  # NF: not a face


def majority(votes: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray:
    """Return the class that most people see in each face.

    A single vote is taken for a slip and dropped; the winner needs more than half of the votes
    that are left, those for "unknown" and "not a face" among them.

    Args:
        votes: Shape (N, K), a column per class of the votes, such as happiness.
        classes: The classes whose codes are returned, such as happy.

    Returns:
        Codes, shape (N,) int8; NO_MAJORITY where nothing wins, or what is not in `classes`.

    >>> few = pd.DataFrame({"happiness": [6, 4], "fear": [1, 3], "unknown": [3, 3]})
    >>> majority(few, ("fear", "happy"))
    array([ 1, -1], dtype=int8)
    """
    names = [WORDS.get(name, name) for name in map(str, votes)]
    codes = np.array(
        [classes.index(name) if name in classes else NO_MAJORITY for name in names]
    )
    kept = _kept(votes)
    wins = 2 * kept.max(axis=1) > kept.sum(axis=1)
    return np.where(wins, codes[kept.argmax(axis=1)], NO_MAJORITY).astype(np.int8)


def voted_classes(votes: pd.DataFrame) -> tuple[str, ...]:
    """Return the classes that people could choose; FER+ has eight, as labels call them."""
    names = [WORDS.get(name, name) for name in map(str, votes)]
    return tuple(name for name in names if name not in NO_CLASS)


def distribution(votes: pd.DataFrame) -> np.ndarray:
    """Return how the votes on each face are shared among the classes, (N, voted) float32.

    A single vote is dropped, as by `majority`. A face of which most people say "unknown" or
    "not a face", or no two the same, has a row of zeros.

    >>> few = pd.DataFrame({"happiness": [6, 2], "fear": [2, 1], "unknown": [1, 3]})
    >>> distribution(few)
    array([[0.75, 0.25],
           [0.  , 0.  ]], dtype=float32)
    """
    kept = _kept(votes)
    winners = votes.columns[kept.argmax(axis=1)]
    kept[winners.isin(NO_CLASS)] = 0
    shares = kept[:, ~votes.columns.isin(NO_CLASS)].astype(np.float32)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    return shares


def of_classes(
    probabilities: np.ndarray, voted: tuple[str, ...], classes: tuple[str, ...]
) -> np.ndarray:
    """Turn probabilities of voted classes (n, voted) into those of `classes`, by their names.

    What is voted on besides, such as contempt, is left out.
    """
    chosen = probabilities[:, [voted.index(name) for name in classes]]
    chosen /= chosen.sum(axis=1, keepdims=True)
    return chosen


def _kept(votes: pd.DataFrame) -> np.ndarray:
    """Return the votes without single ones, (N, K) int64."""
    counts = votes.to_numpy()
    return np.where(counts > 1, counts, 0).astype(np.int64)
