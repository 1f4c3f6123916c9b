"""The epoch with the highest validation accuracy, whose weights early stopping keeps."""

from typing import Any

import numpy as np

from fer_transfer.networks.runtime import keras
from fer_transfer.training.average import WeightAverage


class BestEpoch:
    """The weights of the epoch with the highest validation accuracy so far; of equals, the first.

    Where a run scores an average of its weights, that is what is kept.
    """

    def __init__(self, model: keras.Model, average: WeightAverage | None) -> None:
        self.weights = model.weights
        self.scored = average.values if average else model.weights
        if average:
            self.weights = average.weights
        self.values: list[np.ndarray] = []
        self.epoch, self.accuracy = 0, -1.0

    def update(self, row: dict[str, Any]) -> None:
        """Keep the weights if an epoch's row of the history is better than all before."""
        if row["val_accuracy"] > self.accuracy:
            self.epoch, self.accuracy = row["epoch"], row["val_accuracy"]
            self.values = [value.numpy() for value in self.scored]

    def apply(self) -> None:
        """Give the model the weights of its best epoch."""
        for weight, value in zip(self.weights, self.values, strict=True):
            weight.assign(value)
