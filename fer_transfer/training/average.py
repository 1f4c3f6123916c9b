"""An exponential moving average of a network's weights, scored in place of the last ones."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from fer_transfer.networks.runtime import keras, tf

EVERY = 5  # steps between two updates: the average moves too slowly for more to matter


class WeightAverage:
    """The average of all weights of a model, moving statistics among them.

    At every fifth step it moves by five times `rate` of the way to the weights.
    """

    def __init__(self, model: keras.Model, rate: float) -> None:
        self.weights = [weight for weight in model.weights if weight.dtype.is_floating]
        self.values = [tf.Variable(weight, trainable=False) for weight in self.weights]
        self.rate = EVERY * rate
        self._move = tf.function(self._move_all)

    def update(self, step: int) -> None:
        """Count a step, from 1; every fifth moves the average."""
        if step % EVERY == 0:
            self._move()

    def _move_all(self) -> None:
        for value, weight in zip(self.values, self.weights, strict=True):
            value.assign_add(self.rate * (weight - value))

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the model its averaged weights for a while."""
        kept = keras.backend.batch_get_value(self.weights)
        assign(self.weights, self.values)
        yield
        assign(self.weights, kept)


def assign(variables: Iterable[tf.Variable], values: Iterable[Any]) -> None:
    """Give variables the values of other ones, or arrays."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
