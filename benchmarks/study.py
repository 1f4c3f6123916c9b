"""The paper's study: our frozen pass, our training steps, and both against the whole network.

For each backbone, timed in turns: the frozen pass as the features stage runs it, against OpenVINO
and TensorFlow alone; a training step of the tail, against the rate of a matrix product; and their
sum for the paper's number of images, against the whole network at every epoch, by Keras and PyTorch.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import openvino

from fer_transfer.networks.runtime import keras, tf
from benchmarks import subjects
from benchmarks.timing import Ways, elsewhere, medians, show
from fer_transfer.extraction import frozen_pass
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import building, precision
from fer_transfer.networks.inference import (
    Engine,
    compile_frozen,
    openvino_pass,
    tensorflow_pass,
)
from fer_transfer.results import paper
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

# Several batches, because ours stores one while it computes the next; VGG-Face's take too long.
NUM_IMAGES = subjects.per_backbone(128, mobilenet=256, openface=256, vggface=16)
NUM_WHOLE = subjects.per_backbone(32, mobilenet=128, openface=256)
STEPS = subjects.per_backbone(10, openface=50, vggface=2)
BATCH_SIZE, PASS_BATCH_SIZE = 32, 64  # as params.yaml has them
PEERS = ("mobilenet", "resnet50")  # those that benchmarks/peer.py writes in PyTorch
SIDE = 2048  # of the square matrices whose product measures the machine's rate

TRAIN, VALIDATION, TEST, EPOCHS = 25_121, 3_589, 7_177, 20  # of the paper


def whole_stage(engine: Engine, pixels: np.ndarray, folder: Path) -> None:
    """Compute, measure and store features, as the stage does."""
    shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder, len(pixels), "")
    frozen_pass.store(store, engine, pixels, PASS_BATCH_SIZE)


def openvino_alone(queue: openvino.AsyncInferQueue, pixels: np.ndarray) -> None:
    """Compute features by OpenVINO and keep none: its own throughput."""
    for row in range(len(pixels)):
        queue.start_async(pixels[row : row + 1])
    queue.wait_all()


def training(tail: keras.Model, number: int) -> Callable[[], object]:
    """Return a function that trains a tail for some steps on one batch in memory."""
    compile_model(tail, Recipe(EPOCHS, BATCH_SIZE, 1e-4))
    random = np.random.default_rng(42)
    features = [
        tf.constant(random.normal(size=(BATCH_SIZE, *tensor.shape[1:])), tf.float32)
        for tensor in tail.inputs
    ]
    batch = tuple(features), tf.constant(random.integers(0, 7, BATCH_SIZE), tf.uint8)
    return partial(Loop(tail).train, [batch] * number)


def product() -> Callable[[], object]:
    """Return a function that multiplies two square matrices."""
    matrix = tf.random.stateless_normal((SIDE, SIDE), (1, 2))
    multiply = tf.function(lambda: tf.matmul(matrix, matrix))
    return lambda: multiply().numpy()


def our_ways(backbone: str, name: str, pixels: np.ndarray, folder: Path) -> Ways:
    """Return what is timed in one precision: `frozen`, `alone`, `tail` and `product`."""
    network = subjects.build(backbone)
    faster = building.spec_of(backbone).bfloat16_is_faster
    frozen_precision = name if faster else "float32"
    engine = Engine("openvino", openvino_pass(network.frozen, frozen_precision))
    compiled = compile_frozen(network.frozen, frozen_precision)
    queue = openvino.AsyncInferQueue(compiled)
    train, multiply = training(network.tail, STEPS[backbone]), product()

    def in_precision(compute: Callable[[], object]) -> None:
        precision.set_precision(name)
        compute()
        precision.set_precision("float32")

    in_steps = STEPS[backbone] * BATCH_SIZE
    return {
        f"frozen {name}": (lambda: whole_stage(engine, pixels, folder), len(pixels)),
        f"alone {name}": (lambda: openvino_alone(queue, pixels), len(pixels)),
        f"tail {name}": (lambda: in_precision(train), in_steps),
        f"product {name}": (lambda: in_precision(multiply), 1),
    }


def keras_ways(backbone: str, number: int) -> Ways:
    """Return `fit` and `evaluate` of the whole network by Keras, from pixels."""
    whole = subjects.build_plain(backbone)
    dataset = (
        tf.data.Dataset.from_tensor_slices(subjects.images(number))
        .batch(BATCH_SIZE)
        .prefetch(tf.data.AUTOTUNE)
    )
    return {
        "fit": (lambda: whole.fit(dataset, verbose=0), number),
        "evaluate": (lambda: whole.evaluate(dataset, verbose=0), number),
    }


def costs(backbone: str) -> dict[str, float]:
    """Return seconds per image of everything that is timed, of `product` per product.

    With PyTorch installed, `torch fit` and `torch evaluate` too, where there is a peer.
    """
    number = NUM_WHOLE[backbone]
    pixels, _ = subjects.images(NUM_IMAGES[backbone])
    by_tensorflow = Engine(
        "tensorflow", tensorflow_pass(subjects.build(backbone).frozen)
    )
    ways = keras_ways(backbone, number)
    ways["tensorflow"] = (
        lambda: list(frozen_pass.compute(by_tensorflow, pixels, PASS_BATCH_SIZE)),
        len(pixels),
    )
    in_torch = elsewhere("epoch", backbone, *subjects.images(number))
    with TemporaryDirectory() as name, in_torch as call:
        if backbone in PEERS and call:
            ways["torch fit"] = lambda: call(0), number
            ways["torch evaluate"] = lambda: call(1), number
        folder = Path(name) / "features"
        for in_precision in subjects.precisions():
            ways |= our_ways(backbone, in_precision, pixels, folder)
        return medians(ways)


def our_study(frozen: float, tail: float) -> float:
    """Return seconds, from those per image of the frozen pass and of a training step.

    Evaluating features costs less than training on them; it is counted as much.
    """
    passes = EPOCHS * (TRAIN + VALIDATION) + TEST
    return (TRAIN + VALIDATION + TEST) * frozen + passes * tail


def whole_study(fit: float, evaluate: float) -> float:
    """Return seconds, from those per image of the whole network."""
    return EPOCHS * TRAIN * fit + (EPOCHS * VALIDATION + TEST) * evaluate


def operations(backbone: str) -> int:
    """Return the floating-point operations per image of a step's matrix products.

    Forward, and backward for the weights alone: the features need no gradient.
    Head and biases are left out.
    """
    products = (
        int(np.prod(layer.output_shape[1:3])) * int(np.prod(layer.kernel.shape))
        for layer in subjects.build(backbone).tail.layers
        if isinstance(layer, keras.layers.Conv2D)
    )
    return 2 * 2 * sum(products)


def measure(backbone: str) -> dict[str, float]:
    """Print the rows of one backbone; return the seconds of the study: ours, and by `fit`."""
    cost = costs(backbone)
    seconds = {"fit": whole_study(cost["fit"], cost["evaluate"])}
    for name in subjects.precisions():
        frozen, tail = cost[f"frozen {name}"], cost[f"tail {name}"]
        what = f"{backbone}, {name}"
        show(f"frozen pass, {what}", frozen, cost[f"alone {name}"], "OpenVINO alone")
        show(f"frozen pass, {what}", frozen, cost["tensorflow"], "TensorFlow, float32")
        rate = 2 * SIDE**3 / cost[f"product {name}"]
        share = operations(backbone) / tail / rate
        print(
            f"training step, {what}: {share:.0%} of the matrix-product rate, "
            f"{rate / 1e9:.0f} GFLOP/s"
        )
        seconds[name] = our_study(frozen, tail)
        show(f"study, {what}", seconds[name], seconds["fit"], "Keras fit, float32")
        if "torch fit" in cost:
            torch = whole_study(cost["torch fit"], cost["torch evaluate"])
            show(f"study, {what}", seconds[name], torch, "PyTorch, float32")
    return seconds


def main() -> None:
    """Print the rows of each backbone; then the paper's eight variants, summed."""
    total = defaultdict[str, float](float)
    for backbone in subjects.NAMES:
        seconds = measure(backbone)
        if backbone in paper.BACKBONES:
            for name in seconds:
                total[name] += 2 * seconds[name]  # pretrained and random
    for name in subjects.precisions():
        what = f"study, the paper's eight, {name}"
        show(what, total[name], total["fit"], "Keras fit, float32")
