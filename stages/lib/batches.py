"""Features from disk, a batch at a time; memory does not grow with the number of images."""

from pathlib import Path

import numpy as np
import tf_keras as keras


class Batches(keras.utils.Sequence):  # type: ignore[misc]
    """The given rows of features and labels, in their order."""

    def __init__(
        self,
        features: list[np.ndarray],
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
        return [array[rows] for array in self.features], self.labels[rows]


def open_features(folder: Path) -> list[np.ndarray]:
    """Map a variant's features (N, ...) into memory, a tensor each that crosses the cut."""
    paths = sorted(folder.glob("*.npy"), key=lambda path: int(path.stem))
    return [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]
