"""Dense layers on vectors, as a scikit-learn classifier that Keras trains.

Source: the paper, section 6 (its algorithm adds dense layers to a frozen backbone).
"""

import math

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from fer_transfer.networks.runtime import keras, tf

BATCH = 64
EPOCHS = 20
MIN_STEPS = 300  # of Adam: on few vectors, more epochs

Layers = list[
    tuple[np.ndarray, np.ndarray]
]  # kernel (inputs, outputs), bias (outputs,)


class DenseLayers(ClassifierMixin, BaseEstimator):
    """Softmax on top of `layers` hidden layers (ReLU, dropout), trained by Adam."""

    def __init__(
        self,
        layers: int = 1,
        units: int = 64,
        dropout: float = 0.5,
        learning_rate: float = 1e-3,
        seed: int = 42,
    ) -> None:
        """Keep the settings, as scikit-learn expects.

        Args:
            layers: Number of hidden layers.
            units: Units of each hidden layer.
            dropout: Share of the last layer's inputs that training drops.
            learning_rate: Adam's.
            seed: Draws the initial values, the order of the vectors and dropout.
        """
        self.layers = layers
        self.units = units
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.seed = seed

    def fit(self, vectors: np.ndarray, labels: np.ndarray) -> "DenseLayers":
        """Train on vectors (n, channels) and labels (n,)."""
        self.classes_, codes = np.unique(labels, return_inverse=True)
        keras.backend.clear_session()
        keras.utils.set_random_seed(self.seed)
        network = keras.Sequential([keras.Input((vectors.shape[1],))])
        for _ in range(self.layers):
            network.add(keras.layers.Dense(self.units, activation="relu"))
        if self.dropout:
            network.add(keras.layers.Dropout(self.dropout))
        network.add(keras.layers.Dense(len(self.classes_)))
        _train(
            network, vectors.astype(np.float32), codes, self.learning_rate, self.seed
        )
        weights = network.get_weights()
        self.layers_: Layers = list(zip(weights[::2], weights[1::2], strict=True))
        return self

    def decision_function(self, vectors: np.ndarray) -> np.ndarray:
        """Return the logits (n, classes)."""
        return logits(self.layers_, vectors)

    def predict_proba(self, vectors: np.ndarray) -> np.ndarray:
        """Return the probabilities (n, classes)."""
        return np.asarray(softmax(self.decision_function(vectors), axis=1))

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Return the most probable class of each vector, (n,)."""
        codes = self.decision_function(vectors).argmax(axis=1)
        return np.asarray(self.classes_[codes])


def _train(
    network: keras.Model,
    vectors: np.ndarray,
    codes: np.ndarray,
    learning_rate: float,
    seed: int,
) -> None:
    """Train a network that gives logits, one call of a compiled loop per epoch.

    On a few hundred vectors, Keras's `fit` takes longer to start than this takes in all.
    """
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(network.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    inputs, targets = tf.constant(vectors), tf.constant(codes)

    @tf.function  # type: ignore[untyped-decorator]
    def train_epoch(order: tf.Tensor) -> None:
        for first in tf.range(0, len(vectors), BATCH):
            rows = order[first : first + BATCH]
            with tf.GradientTape() as tape:
                outputs = network(tf.gather(inputs, rows), training=True)
                value = loss(tf.gather(targets, rows), outputs)
            gradients = tape.gradient(value, network.trainable_variables)
            optimizer.apply_gradients(
                zip(gradients, network.trainable_variables, strict=True)
            )

    random = np.random.default_rng(seed)
    steps = math.ceil(len(vectors) / BATCH)
    for _ in range(max(EPOCHS, math.ceil(MIN_STEPS / steps))):
        train_epoch(tf.constant(random.permutation(len(vectors))))


def logits(layers: Layers, vectors: np.ndarray) -> np.ndarray:
    """Apply dense layers to vectors (n, channels), ReLU between them."""
    for number, (kernel, bias) in enumerate(layers):
        vectors = vectors @ kernel + bias
        if number < len(layers) - 1:
            vectors = np.maximum(vectors, 0)
    return vectors
