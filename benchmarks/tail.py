"""A training step of 32 images: our tail against Keras's own layers and Adam, and the peak."""

from collections.abc import Callable

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from benchmarks import subjects
from benchmarks.timing import medians, show
from fer_transfer.networks import precision
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

BATCH_SIZE = 32
STEPS = subjects.per_backbone(20, openface=100, vggface=3)
SIDE = 2048  # of the square matrices whose product measures the machine's rate
PRODUCTS = 5  # timed as one


def our_tail(backbone: str) -> keras.Model:
    """Build the tail as the train stage does."""
    tail = subjects.build(backbone).tail
    compile_model(tail, Recipe(20, 32, 1e-4))
    return tail


def steps(tail: keras.Model, number: int) -> Callable[[], object]:
    """Return a function that trains for some steps on one batch in memory."""
    random = np.random.default_rng(42)
    features = [
        tf.constant(random.normal(size=(BATCH_SIZE, *one.shape[1:])), tf.float32)
        for one in tail.inputs
    ]
    batch = tuple(features), tf.constant(random.integers(0, 7, BATCH_SIZE), tf.uint8)
    on_memory = Loop(tail)
    return lambda: on_memory.train([batch] * number)


def product() -> Callable[[], None]:
    """Return a function that multiplies two square matrices, in the precision that is set."""
    matrix = tf.random.stateless_normal((SIDE, SIDE), (1, 2))
    multiply = tf.function(lambda: tf.matmul(matrix, matrix))

    def run() -> None:
        for _ in range(PRODUCTS):
            result = multiply()
        result.numpy()

    return run


def operations(tail: keras.Model) -> int:
    """Return the floating-point operations of a step's matrix products.

    Forward, and backward for the weights alone: the features need no gradient.
    Head and biases are left out.
    """
    products = (
        int(np.prod(layer.output_shape[1:3])) * int(np.prod(layer.kernel.shape))
        for layer in tail.layers
        if isinstance(layer, keras.layers.Conv2D)
    )
    return 2 * 2 * BATCH_SIZE * sum(products)


def measure(backbone: str, in_precision: str) -> None:
    """Print the row of one backbone, and which share of the machine's rate it reaches.

    The rate is that of a product of square matrices, in operations per second.
    """
    precision.set_precision(in_precision)
    ours, number = our_tail(backbone), STEPS[backbone]
    seconds = medians(
        {
            "ours": steps(ours, number),
            "keras": steps(subjects.build_plain(backbone).tail, number),
            "product": product(),
        }
    )
    precision.set_precision("float32")
    step = seconds["ours"] / number
    what = f"training step of {BATCH_SIZE}, {backbone}, {in_precision}"
    show(what, step, seconds["keras"] / number, "Keras's layers, Adam")
    rate = PRODUCTS * 2 * SIDE**3 / seconds["product"]
    share = operations(ours) / step / rate
    print(f"  {share:.0%} of the matrix-product rate, {rate / 1e9:.0f} GFLOP/s")


def main() -> None:
    for in_precision in subjects.precisions():
        for backbone in subjects.NAMES:
            measure(backbone, in_precision)
