"""Train one variant: its layers that are not frozen, and the head.

Reads   data/features/<variant>/  what the frozen part makes of each image
        data/weights/<variant>.h5 what the backbone starts from
        data/images.npz           labels (N,)
        data/split.npz            train, val, test: rows
Params  train, compute; of the variant: backbone, trainable_layers
Writes  data/runs/<variant>/weights.h5         the whole network, image in, probabilities out
        data/runs/<variant>/history.csv        epoch,accuracy,val_accuracy,loss,val_loss
        data/runs/<variant>/probabilities.npz  val, test: (n, 7) float32, in the split's order
Source  the paper, section 4

A run that was killed goes on from its last checkpoint: of its last finished epoch, or of an
earlier one where writing them all would take more than a tenth of the time. The seed fixes
the head's initial values and, with the epoch's number, the order of the images and dropout.
It does not fix what another processor or another version of TensorFlow rounds differently.
"""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from stages.lib.framework import keras, tf
from stages.lib import console, files, network, params, precision
from stages.lib.batches import Batches
from stages.lib.checkpoint import Checkpoint, fingerprint
from stages.lib.console import InputError
from stages.lib.progress import Progress
from stages.lib.steps import Steps
from stages.lib.store import open_features

logger = logging.getLogger(__name__)

COLUMNS = ["epoch", "accuracy", "val_accuracy", "loss", "val_loss"]

# After a checkpoint, training has this many times as long to itself as writing it took.
CHECKPOINT_SPACING = 9


def compile_tail(tail: keras.Model, learning_rate: float) -> None:
    """Set the optimizer, the loss and the metric of section 4 (C1).

    Keras's legacy Adam computes the same as its successor, each weight's update in one
    pass over memory: for VGG-Face's 119.6 million weights that is most of a step.
    """
    tail.compile(
        keras.optimizers.legacy.Adam(learning_rate),
        "sparse_categorical_crossentropy",  # on codes: the categorical one on one-hot rows
        metrics=["accuracy"],
    )


def train_epoch(
    steps: Steps,
    data: tuple[Sequence[np.ndarray], np.ndarray],
    split: dict[str, np.ndarray],
    settings: params.Train,
    epoch: int,
    count: Callable[[int], None],
) -> tuple[dict[str, float], float]:
    """Show the network every training image once.

    Returns the epoch's row of the history, and the seconds spent waiting for features.
    """
    network.restart_dropout(steps.model, settings.seed * 100_003 + epoch)
    order = np.random.default_rng([settings.seed, epoch]).permutation(split["train"])
    train_batches = Batches(*data, order, settings.batch_size)
    val_batches = Batches(*data, split["val"], settings.batch_size)
    means = steps.train(train_batches, count)
    # A rectifier turns "not a number" into zero, so the weights are asked too.
    if not all(
        tf.reduce_all(tf.math.is_finite(value))
        for value in [*means.values(), *steps.model.weights]
    ):
        raise InputError(
            f"The loss or a weight became infinite or not a number in epoch {epoch}. A smaller "
            f"`train.learning_rate` in params.yaml than {settings.learning_rate:g} may help."
        )
    means |= {f"val_{name}": mean for name, mean in steps.look(val_batches).items()}
    waited = train_batches.waited + val_batches.waited
    return {"epoch": epoch, **{name: means[name] for name in COLUMNS[1:]}}, waited


def train(
    steps: Steps,
    data: tuple[Sequence[np.ndarray], np.ndarray],
    split: dict[str, np.ndarray],
    settings: params.Train,
    checkpoint: Checkpoint,
) -> pd.DataFrame:
    """Train to the last epoch, from the checkpoint's if there is one; return the history."""
    history, save_at = checkpoint.restore(steps.model), 0.0
    num_images = len(split["train"])
    if len(history):
        logger.info("Going on after epoch %d.", len(history))
    with Progress(
        settings.epochs * num_images, "image", len(history) * num_images
    ) as progress:
        for epoch in range(len(history) + 1, settings.epochs + 1):
            started = time.monotonic()
            row, waited = train_epoch(
                steps, data, split, settings, epoch, progress.update
            )
            history = pd.concat(
                [history, pd.DataFrame([row], columns=COLUMNS)], ignore_index=True
            )
            ended = time.monotonic()
            progress.say(
                f"epoch {epoch} of {settings.epochs}: "
                + ", ".join(f"{name} {row[name]:.4f}" for name in COLUMNS[1:])
                + f" ({waited / (ended - started):.0%} of the time waiting for features)"
            )
            if ended >= save_at:
                checkpoint.save(steps.model, history)
                saved = time.monotonic()
                save_at = saved + CHECKPOINT_SPACING * (saved - ended)
    return history


def run_fingerprint(name: str, settings: params.Settings) -> str:
    """Return what identifies a run: its settings, its data and the code that trains."""
    data = [
        Path("data/images.npz"),
        Path("data/split.npz"),
        Path(f"data/weights/{name}.h5"),
        Path(f"metrics/features/{name}.json"),
    ]
    imported = [module for module in sys.modules if module.startswith("stages")]
    code = [
        Path(__file__),
        *(Path(str(sys.modules[module].__file__)) for module in imported),
    ]
    values = {**settings.train, **settings.compute, **settings.variants[name]}
    return fingerprint(values, [*data, *code])


def main(name: str) -> None:
    settings = params.load()
    tf.config.experimental.enable_op_determinism()
    precision.set_precision(precision.usable(settings.compute.precision))
    keras.utils.set_random_seed(settings.train.seed)
    split = files.read_npz(Path("data/split.npz"))
    labels = files.read_npz(Path("data/images.npz"))["labels"]
    data = open_features(Path(f"data/features/{name}")), labels
    model = network.build(
        settings.variants[name], Path(f"data/weights/{name}.h5"), settings.train.seed
    )
    compile_tail(model.tail, settings.train.learning_rate)

    logger.info("Training %s for %d epochs.", name, settings.train.epochs)
    checkpoint = Checkpoint(Path(".ckpt") / f"{name}-{run_fingerprint(name, settings)}")
    steps = Steps(model.tail)
    history = train(steps, data, split, settings.train, checkpoint)
    batch_size = settings.train.batch_size
    probabilities = {
        part: steps.answer(Batches(*data, split[part], batch_size))
        for part in ("val", "test")
    }

    folder = Path(f"data/runs/{name}")
    with files.whole(folder / "weights.h5") as part:
        model.whole.save_weights(part, save_format="h5")
    files.write_csv(folder / "history.csv", history)
    files.write_npz(folder / "probabilities.npz", probabilities)
    checkpoint.remove()


if __name__ == "__main__":
    console.run(main, *sys.argv[1:])
