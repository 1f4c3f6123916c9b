"""The loop over batches: train on them, evaluate on them, predict them.

Each is one graph for batches of any size. Keras's `fit` does the same, but copies every
batch once more on its way in, which took a third of ResNet-50's time (docs/performance.md).
"""

from collections.abc import Callable

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.training.batches import Batches


class Loop:
    """The steps of a compiled model whose inputs are stored features, over batches."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        features = tuple(tf.TensorSpec(one.shape, one.dtype) for one in model.inputs)
        batch = (features, tf.TensorSpec([None], tf.uint8))
        self._train = tf.function(model.train_step, [batch])
        self._evaluate = tf.function(model.test_step, [batch])
        self._predict = tf.function(
            lambda inputs: model(inputs, training=False), [features]
        )

    @property
    def learning_rate(self) -> float:
        return float(self.model.optimizer.learning_rate)

    def train(
        self, batches: Batches, count: Callable[[int], None] = lambda _: None
    ) -> dict[str, float]:
        """Train on every batch, and count its images; return the means of loss and metrics.

        They are running means: of each batch before it was learned from.
        """
        self.model.reset_metrics()
        for features, labels in batches:
            means = self._train((features, labels))
            count(len(labels))
        return {name: float(mean) for name, mean in means.items()}

    def evaluate(self, batches: Batches) -> dict[str, float]:
        """Return the means of loss and metrics; nothing is learned."""
        self.model.reset_metrics()
        for batch in batches:
            means = self._evaluate(batch)
        return {name: float(mean) for name, mean in means.items()}

    def predict(self, batches: Batches) -> np.ndarray:
        """Return the probabilities of every image, (n, 7) float32."""
        return np.concatenate([self._predict(features) for features, _ in batches])
