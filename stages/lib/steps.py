"""What training does with batches: train on them, look at them, answer them.

Each is one graph for batches of any size. Keras's `fit` does the same, but copies every
batch once more on its way in, which took a third of ResNet-50's time (docs/performance.md).
"""

from collections.abc import Callable

import numpy as np

from stages.lib.framework import keras, tf
from stages.lib.batches import Batches


class Steps:
    """The steps of a compiled model whose inputs are stored features."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        features = tuple(tf.TensorSpec(one.shape, one.dtype) for one in model.inputs)
        batch = (features, tf.TensorSpec([None], tf.uint8))
        self._train = tf.function(model.train_step, [batch])
        self._look = tf.function(model.test_step, [batch])
        self._answer = tf.function(
            lambda inputs: model(inputs, training=False), [features]
        )

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

    def look(self, batches: Batches) -> dict[str, float]:
        """Return the means of loss and metrics; nothing is learned."""
        self.model.reset_metrics()
        for batch in batches:
            means = self._look(batch)
        return {name: float(mean) for name, mean in means.items()}

    def answer(self, batches: Batches) -> np.ndarray:
        """Return the probabilities of every image, (n, 7) float32."""
        return np.concatenate([self._answer(features) for features, _ in batches])
