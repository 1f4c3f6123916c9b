"""Batches of stored features and their labels, in a given order, prefetched."""

import mmap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fer_transfer.networks.runtime import tf
from fer_transfer.core.ahead import in_order
from fer_transfer.features import feature_store

READ_AHEAD = 3  # batches prefetched into memory
REQUEST_AHEAD = 6  # batches prefetched from disk into the page cache

Batch = tuple[tuple[tf.Tensor, ...], Any]  # features, and labels or targets


class Batches:
    """The given rows of features and labels, in their order.

    Iterating gives a tuple of features (batch, ...) and the labels (batch,), or a structure
    of targets (batch, ...) in their place.
    """

    def __init__(
        self,
        features: Sequence[np.ndarray],
        labels: Any,
        rows: np.ndarray,
        batch_size: int,
    ) -> None:
        self.features, self.labels = features, labels
        self.rows, self.batch_size = rows, batch_size

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        return in_order(self._read, range(len(self)), READ_AHEAD)

    def _read(self, index: int) -> Batch:
        rows = self._rows(index)
        for array in self.features:
            request(array, self._rows(index + REQUEST_AHEAD))
        batch = tuple(tf.constant(array[rows]) for array in self.features)
        for array in self.features:
            feature_store.release(array)
        return batch, tf.nest.map_structure(
            lambda array: tf.constant(array[rows]), self.labels
        )

    def _rows(self, index: int) -> np.ndarray:
        return self.rows[index * self.batch_size : (index + 1) * self.batch_size]


def request(array: np.ndarray, rows: np.ndarray) -> None:
    """Make the system prefetch rows of a mapped array, many at once.

    Without it a row is read a few pages at a time, each read after the one before.
    """
    if isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap):
        size = array.nbytes // len(array)
        for row in rows:
            first = array.offset + int(row) * size
            start = first - first % mmap.PAGESIZE
            array.base.madvise(mmap.MADV_WILLNEED, start, first + size - start)
