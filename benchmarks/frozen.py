"""The frozen pass: ours, as the features stage runs it, against TensorFlow and bare OpenVINO."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino

from stages.lib.framework import keras
from benchmarks import subjects
from benchmarks.timing import Row, medians
from stages import features
from stages.lib.engine import (
    OPENVINO_PRECISIONS,
    Engine,
    compile_frozen,
    openvino_pass,
    tensorflow_pass,
)
from stages.lib.store import Store

# Enough images for about two seconds a pass.
NUM_IMAGES = {"mobilenet": 256, "openface": 512, "resnet50": 64, "vggface": 24}
BATCH_SIZE = 64  # as params.yaml has it


def bare_openvino(
    frozen: keras.Model, precision: str, pixels: np.ndarray
) -> Callable[[], None]:
    """Prepare what OpenVINO needs for a pass that keeps nothing: its own throughput."""
    queue = openvino.AsyncInferQueue(compile_frozen(frozen, precision))

    def run() -> None:
        for row in range(len(pixels)):
            queue.start_async(pixels[row : row + 1])
        queue.wait_all()

    return run


def whole_stage(engine: Engine, pixels: np.ndarray, folder: Path) -> None:
    """Compute, measure and store features, as the stage does."""
    shutil.rmtree(folder, ignore_errors=True)
    features.store(Store(folder, len(pixels), ""), engine, pixels, BATCH_SIZE)


def measure(backbone: str) -> list[Row]:
    """Return the rows of one backbone, in both precisions."""
    frozen = subjects.build(backbone).frozen
    pixels, _ = subjects.images(NUM_IMAGES[backbone])
    tensorflow = tensorflow_pass(frozen)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for precision in OPENVINO_PRECISIONS:
            engine = Engine("openvino", openvino_pass(frozen, precision))
            seconds = medians(
                {
                    "ours": lambda e=engine: whole_stage(e, pixels, Path(folder) / "f"),
                    "openvino": bare_openvino(frozen, precision, pixels),
                    "tensorflow": lambda: [
                        tensorflow(pixels[first : first + BATCH_SIZE])
                        for first in range(0, len(pixels), BATCH_SIZE)
                    ],
                }
            )
            each = {name: value / len(pixels) for name, value in seconds.items()}
            what = f"frozen pass, {backbone}, {precision}, an image"
            rows.append(Row(what, each["ours"], each["openvino"], "OpenVINO alone"))
            rows.append(
                Row(what, each["ours"], each["tensorflow"], "TensorFlow, float32")
            )
    return rows
