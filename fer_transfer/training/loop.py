"""The loop over batches: train on them, evaluate on them, predict them.

Each is one graph for batches of any size. Keras's `fit` does the same, but copies every
batch once more on its way in, which took a third of ResNet-50's time (docs/performance.md).
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.training.average import WeightAverage, assign
from fer_transfer.training.batches import Batch

NO_LABELS = np.zeros(0, np.uint8)


class Loop:
    """The steps of a compiled model whose inputs are stored features, over batches.

    Args:
        model: The compiled model.
        labels: Of any images, as batches have them: codes, or a structure of targets.
        average: Of the model's weights; it is what is evaluated.
    """

    def __init__(
        self,
        model: keras.Model,
        labels: Any = NO_LABELS,
        average: WeightAverage | None = None,
    ) -> None:
        self.model, self.average = model, average
        features = tuple(
            tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs
        )
        targets = tf.nest.map_structure(
            lambda array: tf.TensorSpec([None, *array.shape[1:]], array.dtype), labels
        )
        batch = (features, targets)
        self._train = tf.function(model.train_step, [batch])
        self._evaluate = tf.function(model.test_step, [batch])
        self._predict = tf.function(
            lambda inputs: model(inputs, training=False), [features]
        )

    def scored_weights(self) -> list[np.ndarray]:
        """Return the weights that are evaluated: the average, where there is one."""
        values = self.average.values if self.average else self.model.weights
        arrays: list[np.ndarray] = keras.backend.batch_get_value(values)
        return arrays

    def set_scored_weights(self, values: list[np.ndarray]) -> None:
        """Give the model weights that `scored_weights` returned."""
        assign(self.average.weights if self.average else self.model.weights, values)

    def train(
        self, batches: Iterable[Batch], count: Callable[[int], object] = lambda _: None
    ) -> dict[str, float]:
        """Train on every batch, and count its images; return the means of loss and metrics.

        They are running means: of each batch before it was learned from.
        """
        self.model.reset_metrics()
        for step, batch in enumerate(batches, 1):
            means = self._train(batch)
            if self.average:
                self.average.update(step)
            count(len(batch[0][0]))
        return _named(means)

    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Return the means of loss and metrics; nothing is learned."""
        self.model.reset_metrics()
        with self.average.applied() if self.average else nullcontext():
            for batch in batches:
                means = self._evaluate(batch)
        return _named(means)

    def predict(self, batches: Iterable[Batch]) -> Any:
        """Return the probabilities of every image, (n, classes) float32; of each head, with two."""
        predicted = [self._predict(features) for features, _ in batches]
        return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *predicted)


def _named(means: dict[str, tf.Tensor]) -> dict[str, float]:
    """Name the accuracy of each of two heads as a history does."""
    names = {"head_accuracy": "accuracy", "votes_head_accuracy": "votes_accuracy"}
    return {names.get(name, name): float(mean) for name, mean in means.items()}
