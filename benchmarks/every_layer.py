"""A training step of a whole network, per image, against its forward pass.

Two ratios for each backbone, both sides in turns in one process: what a step costs in forward
passes of the same engine, and what our forward pass costs in OpenVINO's.
"""

from collections.abc import Callable

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from benchmarks import subjects
from benchmarks.tail import BATCH_SIZE
from benchmarks.timing import medians, show
from fer_transfer.networks import precision, split_model
from fer_transfer.networks.inference import openvino_pass
from fer_transfer.results import paper
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

BACKBONES = paper.BACKBONES[:2]  # the two whose whole networks train in hours
NUM_BATCHES = 4  # timed as one


def ways(backbone: str, in_precision: str) -> dict[str, Callable[[], object]]:
    """Return functions that train on, predict and, by OpenVINO, predict some batches."""
    keras.utils.set_random_seed(42)
    network = split_model.build(backbone, "all")
    compile_model(network.tail, Recipe(20, 32, 1e-4))
    loop = Loop(network.tail)
    pixels, labels = subjects.images(BATCH_SIZE)
    batches = [((tf.constant(pixels),), tf.constant(labels))] * NUM_BATCHES
    by_openvino = openvino_pass(network.whole, in_precision)
    many = np.concatenate([pixels] * NUM_BATCHES)
    return {
        "step": lambda: loop.train(batches),
        "forward": lambda: loop.predict(batches),
        "openvino": lambda: by_openvino(many),
    }


def measure(backbone: str, in_precision: str) -> None:
    """Print both rows of one backbone."""
    precision.set_precision(in_precision)
    seconds = medians(ways(backbone, in_precision), BATCH_SIZE * NUM_BATCHES)
    precision.set_precision("float32")
    step, forward, openvino = seconds.values()
    what = f"every layer, {backbone}, {in_precision}"
    show(f"{what}, step", step, forward, "our forward pass")
    print(f"  {step / forward:.2f} times as long")
    show(f"{what}, forward", forward, openvino, "OpenVINO")


def main() -> None:
    """Print the rows of both backbones; op determinism is on from here on, as in the stage."""
    tf.config.experimental.enable_op_determinism()
    for in_precision in subjects.precisions():
        for backbone in BACKBONES:
            measure(backbone, in_precision)
