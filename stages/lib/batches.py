"""Batches of stored features and their labels, in a given order."""

from collections.abc import Sequence

import numpy as np

from stages.lib.framework import keras
from stages.lib import store


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
        rows = self.rows[index * self.batch_size : (index + 1) * self.batch_size]
        batch = [array[rows] for array in self.features], self.labels[rows]
        for array in self.features:
            store.release(array)
        return batch

    def sizes(self) -> list[int]:
        """Return the number of images of each batch."""
        full, rest = divmod(len(self.rows), self.batch_size)
        return [self.batch_size] * full + [rest] * (rest > 0)
