"""What might make a whole network's training step faster: `python -m benchmarks.remedies`.

Each remedy, and the step as it is, trains on the same batch, in turns in one process; beside each
stands the loss after the same steps, because a remedy that changes the result is none. A
process for each backbone, and one more in which op determinism is off, which cannot be
switched back.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from benchmarks import subjects
from benchmarks.every_layer import BACKBONES
from benchmarks.tail import BATCH_SIZE
from benchmarks.timing import medians
from fer_transfer.networks import precision, split_model
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

ALPHA, BETA, RADIUS = 1e-4, 0.75, 5  # of OpenFace's local response normalisation


def normalise_by_products(tensor: tf.Tensor) -> tf.Tensor:
    """Compute local response normalisation, and its gradient, by products with a band matrix.

    TensorFlow's own gradient of it is one scalar loop; `tensor` is (N, height, width, channels).
    """
    channels = np.arange(tensor.shape[-1])
    band = tf.constant(abs(channels[:, None] - channels) <= RADIUS, tf.float32)

    def window_sums(values: tf.Tensor) -> tf.Tensor:
        rows = tf.reshape(values, [-1, len(channels)])
        return tf.reshape(tf.matmul(rows, band), tf.shape(values))

    @tf.custom_gradient
    def normalise(
        values: tf.Tensor,
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        base = 1 + ALPHA * window_sums(values * values)
        root = tf.math.rsqrt(base)
        scale = root * tf.sqrt(root)  # base ** -BETA

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            sums = window_sums(upstream * values * scale / base)
            return upstream * scale - 2 * ALPHA * BETA * values * sums

        return values * scale, gradient

    return normalise(tensor)


def build_loop(backbone: str, remedy: str) -> Loop:
    """Return the loop of a network whose every layer trains, with one remedy in it."""
    keras.utils.set_random_seed(42)
    network = split_model.build(backbone, "all")
    if remedy == "LRN by products":
        for layer in network.tail.layers:
            if layer.name.startswith("lrn_"):
                layer.function = normalise_by_products
    compile_model(network.tail, Recipe(20, 32, 1e-4))
    loop = Loop(network.tail)
    if remedy.endswith("XLA"):
        signature = loop._train.input_signature
        loop._train = tf.function(network.tail.train_step, signature, jit_compile=True)
    return loop


def step(
    backbone: str, remedy: str, batches: list[tuple], losses: dict[str, float]
) -> Callable[[], None]:
    """Return a function that trains on the batches and notes the loss."""
    loop = build_loop(backbone, remedy)

    def run() -> None:
        precision.set_precision("bfloat16" if remedy == "bfloat16" else "float32")
        losses[remedy] = loop.train(batches)["loss"]

    return run


def measure(backbone: str, is_deterministic: bool) -> None:
    """Print each remedy's milliseconds an image, and the loss of its last batches."""
    if is_deterministic:
        tf.config.experimental.enable_op_determinism()
    if is_deterministic:
        remedies = ["as it is", *["bfloat16"] * precision.has_bfloat16()]
        remedies += ["LRN by products"] * (backbone == "openface")
    else:  # XLA has no max pooling that op determinism allows
        remedies = ["op determinism off", "op determinism off, XLA"]
    pixels, labels = subjects.images(BATCH_SIZE)
    batches = [((tf.constant(pixels),), tf.constant(labels))]
    losses: dict[str, float] = {}
    ways = {name: step(backbone, name, batches, losses) for name in remedies}
    for name, seconds in medians(ways).items():
        milliseconds = 1000 * seconds / BATCH_SIZE
        print(
            f"{backbone:10} {name:20} {milliseconds:5.1f} ms an image, loss {losses[name]:.6f}",
            flush=True,
        )


def main(*arguments: str) -> None:
    logging.disable(logging.WARNING)
    if arguments:
        measure(arguments[0], is_deterministic=arguments[1] == "deterministic")
        return
    for backbone in BACKBONES:
        for mode in ("deterministic", "free"):
            command = [sys.executable, "-m", "benchmarks.remedies", backbone, mode]
            subprocess.run(command, check=True, env=os.environ)


if __name__ == "__main__":
    main(*sys.argv[1:])
