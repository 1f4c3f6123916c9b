"""The frozen pass: ours, as the features stage runs it, against TensorFlow and OpenVINO alone."""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import openvino

from fer_transfer.networks.runtime import keras
from benchmarks import subjects
from benchmarks.timing import medians, show
from fer_transfer.extraction import frozen_pass
from fer_transfer.features.feature_store import Store
from fer_transfer.networks.inference import (
    OPENVINO_PRECISIONS,
    Engine,
    compile_frozen,
    openvino_pass,
    tensorflow_pass,
)

# Several batches, because ours stores one while it computes the next; VGG-Face's take too long.
NUM_IMAGES = subjects.per_backbone(128, mobilenet=256, openface=256, vggface=16)
BATCH_SIZE = 64  # as params.yaml has it


def openvino_alone(
    frozen: keras.Model, precision: str, pixels: np.ndarray
) -> Callable[[], None]:
    """Prepare a pass by OpenVINO that keeps no features: its own throughput."""
    queue = openvino.AsyncInferQueue(compile_frozen(frozen, precision))

    def run() -> None:
        for row in range(len(pixels)):
            queue.start_async(pixels[row : row + 1])
        queue.wait_all()

    return run


def whole_stage(engine: Engine, pixels: np.ndarray, folder: Path) -> None:
    """Compute, measure and store features, as the stage does."""
    shutil.rmtree(folder, ignore_errors=True)
    frozen_pass.store(Store(folder, len(pixels), ""), engine, pixels, BATCH_SIZE)


def all_batches(engine: Engine, pixels: np.ndarray) -> None:
    """Compute features, as the stage does, and store nothing."""
    for _ in frozen_pass.compute(engine, pixels, BATCH_SIZE):
        pass


def measure(backbone: str) -> None:
    """Print the rows of one backbone, per image, in both precisions."""
    frozen = subjects.build(backbone).frozen
    pixels, _ = subjects.images(NUM_IMAGES[backbone])
    tensorflow = Engine("tensorflow", tensorflow_pass(frozen))
    ways = {"tensorflow": lambda: all_batches(tensorflow, pixels)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "features"
        for precision in OPENVINO_PRECISIONS:
            engine = Engine("openvino", openvino_pass(frozen, precision))
            ways[precision] = partial(whole_stage, engine, pixels, folder)
            ways[f"alone {precision}"] = openvino_alone(frozen, precision, pixels)
        seconds = medians(ways, len(pixels))
    for precision in OPENVINO_PRECISIONS:
        what, ours = f"frozen pass, {backbone}, {precision}", seconds[precision]
        show(what, ours, seconds[f"alone {precision}"], "OpenVINO alone")
        show(what, ours, seconds["tensorflow"], "TensorFlow, float32")


def main() -> None:
    for backbone in subjects.NAMES:
        measure(backbone)
