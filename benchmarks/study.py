"""The paper's study: our frozen pass, our training steps, and both against the whole network.

For each backbone, timed in turns: the frozen pass as the features stage runs it, against OpenVINO
and TensorFlow alone, which measure and store nothing; and with a training step of the tail, summed
for the paper's number of images, against the whole network at every epoch, by Keras and PyTorch.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from fer_transfer.networks.runtime import keras, tf
from benchmarks import subjects
from benchmarks.timing import Ways, elsewhere, medians, show
from fer_transfer.extraction import frozen_pass
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import building, precision
from fer_transfer.networks.inference import Engine, openvino_pass, tensorflow_pass
from fer_transfer.results import paper
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

# Several batches, because ours stores one while it computes the next; VGG-Face's take too long.
NUM_IMAGES = defaultdict(lambda: 128, mobilenet=256, openface=256, vggface=16)
NUM_WHOLE = defaultdict(lambda: 32, mobilenet=128, openface=256)
STEPS = defaultdict(lambda: 10, openface=50, vggface=2)
BATCH_SIZE, PASS_BATCH_SIZE = 32, 64  # as params.yaml has them
PEERS = ("mobilenet", "resnet50")  # those that benchmarks/peer.py writes in PyTorch
EPOCHS = 20  # of the paper


def whole_stage(engine: Engine, pixels: np.ndarray, folder: Path) -> None:
    """Compute, measure and store features, as the stage does."""
    shutil.rmtree(folder, ignore_errors=True)
    store = Store(folder, len(pixels), "")
    frozen_pass.store(store, engine, pixels, PASS_BATCH_SIZE)


def training(tail: keras.Model, number: int) -> Callable[[], object]:
    """Return a function that trains a tail for some steps on one batch in memory."""
    compile_model(tail, Recipe(EPOCHS, BATCH_SIZE, 1e-4))
    shapes = [(BATCH_SIZE, *tensor.shape[1:]) for tensor in tail.inputs]
    _, labels = subjects.images(BATCH_SIZE)
    batch = tuple(map(tf.random.normal, shapes)), tf.constant(labels)
    return partial(Loop(tail).train, [batch] * number)


def our_ways(backbone: str, name: str, pixels: np.ndarray, folder: Path) -> Ways:
    """Return what is timed in one precision: `frozen`, `alone` and `tail`."""
    network = subjects.build(backbone)
    faster = building.spec_of(backbone).bfloat16_is_faster
    compute_frozen = openvino_pass(network.frozen, name if faster else "float32")
    engine = Engine("openvino", compute_frozen)
    train = training(network.tail, STEPS[backbone])

    def in_precision() -> None:
        precision.set_precision(name)
        train()
        precision.set_precision("float32")

    return {
        f"frozen {name}": (lambda: whole_stage(engine, pixels, folder), len(pixels)),
        f"alone {name}": (lambda: compute_frozen(pixels), len(pixels)),
        f"tail {name}": (in_precision, STEPS[backbone] * BATCH_SIZE),
    }


def keras_ways(backbone: str, number: int) -> Ways:
    """Return `fit` and `evaluate` of the whole network by Keras, from pixels."""
    whole = subjects.build_plain(backbone)
    images = tf.data.Dataset.from_tensor_slices(subjects.images(number))
    dataset = images.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)
    return {
        "fit": (lambda: whole.fit(dataset, verbose=0), number),
        "evaluate": (lambda: whole.evaluate(dataset, verbose=0), number),
    }


def costs(backbone: str) -> dict[str, float]:
    """Return seconds per image of everything that is timed.

    With PyTorch installed, `torch fit` and `torch evaluate` too, where there is a peer.
    """
    number = NUM_WHOLE[backbone]
    pixels, _ = subjects.images(NUM_IMAGES[backbone])
    frozen = subjects.build(backbone).frozen
    by_tensorflow = Engine("tensorflow", tensorflow_pass(frozen))
    ways = keras_ways(backbone, number)
    ways["tensorflow"] = (
        lambda: list(frozen_pass.compute(by_tensorflow, pixels, PASS_BATCH_SIZE)),
        len(pixels),
    )
    with ExitStack() as stack:
        if backbone in PEERS:
            peer = elsewhere("epoch", backbone, *subjects.images(number))
            by_torch = stack.enter_context(peer)
            ways |= {name: (way, number) for name, way in by_torch.items()}
        folder = Path(stack.enter_context(TemporaryDirectory()), "features")
        for in_precision in subjects.PRECISIONS:
            ways |= our_ways(backbone, in_precision, pixels, folder)
        return medians(ways)


def study(fit: float, evaluate: float, frozen: float = 0) -> float:
    """Return the study's seconds, from those per image of what each epoch and each image takes.

    Evaluating features costs less than training on them; where it is not measured, it is
    counted as much.
    """
    train, val, test = paper.SETS.values()
    passes = (train + val + test) * frozen
    return passes + EPOCHS * train * fit + (EPOCHS * val + test) * evaluate


def measure(backbone: str) -> dict[str, float]:
    """Print the rows of one backbone; return the seconds of the study: ours, and by `fit`."""
    cost = costs(backbone)
    seconds = {"fit": study(cost["fit"], cost["evaluate"])}
    for name in subjects.PRECISIONS:
        frozen, tail = cost[f"frozen {name}"], cost[f"tail {name}"]
        title = f"{backbone}, {name}"
        show(f"frozen pass, {title}", frozen, cost[f"alone {name}"], "OpenVINO alone")
        show(f"frozen pass, {title}", frozen, cost["tensorflow"], "TensorFlow, float32")
        seconds[name] = study(tail, tail, frozen)
        show(f"study, {title}", seconds[name], seconds["fit"], "Keras fit, float32")
        if "torch fit" in cost:
            torch = study(cost["torch fit"], cost["torch evaluate"])
            show(f"study, {title}", seconds[name], torch, "PyTorch, float32")
    return seconds


def main() -> None:
    """Print the rows of each backbone; then the paper's eight variants, summed."""
    seconds = pd.DataFrame({name: measure(name) for name in paper.BACKBONES})
    total = 2 * seconds.sum(axis=1)  # pretrained and random
    for name in subjects.PRECISIONS:
        title = f"study, the paper's eight, {name}"
        show(title, total[name], total["fit"], "Keras fit, float32")
