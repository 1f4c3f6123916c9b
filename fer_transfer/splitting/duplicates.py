"""Exact duplicates: images with the same pixels."""

import numpy as np
import pandas as pd


def groups(pixels: np.ndarray) -> np.ndarray:
    """Return, for each image of `pixels` (N, ...), the row of the first image with the same pixels, (N,) int64.

    Identical images share that number, so it serves as the name of their group.

    >>> groups(np.array([[1, 2], [3, 4], [1, 2]])).tolist()
    [0, 1, 0]
    """
    first: dict[bytes, int] = {}
    rows = [first.setdefault(image.tobytes(), row) for row, image in enumerate(pixels)]
    return np.array(rows, dtype=np.int64)


def count_beyond_first(group: np.ndarray) -> int:
    """Count the images that duplicate an earlier one, given the groups of all, (N,)."""
    return len(group) - len(np.unique(group))


def count_conflicting(group: np.ndarray, labels: np.ndarray) -> int:
    """Count the groups of identical images that carry more than one label."""
    return int((pd.Series(labels).groupby(group).nunique() > 1).sum())
