"""What most people see in a face, from their votes.

Source: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution" (ICMI 2016, arXiv:1608.01041); `majority` in
https://github.com/microsoft/FERPlus, src/ferplus.py.
"""

import numpy as np
import pandas as pd

from fer_transfer.data.emotions import WORDS

NO_MAJORITY = -1


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
    counts = votes.to_numpy()
    kept = np.where(counts > 1, counts, 0).astype(np.int64)
    wins = 2 * kept.max(axis=1) > kept.sum(axis=1)
    return np.where(wins, codes[kept.argmax(axis=1)], NO_MAJORITY).astype(np.int8)
