"""Batches of stored features and their labels, in a given order."""

import mmap
from collections.abc import Sequence

import numpy as np

from stages.lib.framework import keras
from stages.lib import store

BATCHES_AHEAD = 4  # that the disk is asked for before they are read


class Batches(keras.utils.Sequence):  # type: ignore[misc]
    """The given rows of features and labels, in their order."""

    def __init__(
        self,
        features: Sequence[np.ndarray],
        labels: np.ndarray,
        rows: np.ndarray,
        batch_size: int,
    ) -> None:
        self.features, self.labels = features, labels
        self.rows, self.batch_size = rows, batch_size

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[list[np.ndarray], np.ndarray]:
        rows = self._rows(index)
        for array in self.features:
            request(array, self._rows(index + BATCHES_AHEAD))
        batch = [array[rows] for array in self.features], self.labels[rows]
        for array in self.features:
            store.release(array)
        return batch

    def _rows(self, index: int) -> np.ndarray:
        return self.rows[index * self.batch_size : (index + 1) * self.batch_size]

    def sizes(self) -> list[int]:
        """Return the number of images of each batch."""
        full, rest = divmod(len(self.rows), self.batch_size)
        return [self.batch_size] * full + [rest] * (rest > 0)


def request(array: np.ndarray, rows: np.ndarray) -> None:
    """Let the system read rows of a mapped array ahead, many at once.

    A row that is copied from a map without that is read a few pages at a time, and each
    read waits for the one before.
    """
    if isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap):
        size = array.nbytes // len(array)
        for row in rows:
            first = array.offset + int(row) * size
            start = first - first % mmap.PAGESIZE
            array.base.madvise(mmap.MADV_WILLNEED, start, first + size - start)
