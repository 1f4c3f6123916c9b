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
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.framework import keras, tf
from stages.lib import console, files, network, params, precision
from stages.lib.batches import Batches
from stages.lib.checkpoint import Checkpoint, fingerprint
from stages.lib.console import InputError
from stages.lib.progress import Progress
from stages.lib.store import open_features

logger = logging.getLogger(__name__)

COLUMNS = ["epoch", "accuracy", "val_accuracy", "loss", "val_loss"]

# After a checkpoint, training has this many times as long to itself as writing it took.
CHECKPOINT_SPACING = 9


class CountImages(keras.callbacks.Callback):  # type: ignore[misc]
    """Tell how many images each step of training has taken."""

    _supports_tf_logs = True  # else Keras would fetch every step's metrics for it

    def __init__(self, count: Callable[[int], None], batch_sizes: list[int]) -> None:
        super().__init__()
        self.count, self.batch_sizes = count, batch_sizes

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.count(self.batch_sizes[batch])


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
    tail: keras.Model,
    data: tuple[Sequence[np.ndarray], np.ndarray],
    split: dict[str, np.ndarray],
    settings: params.Train,
    epoch: int,
    count: Callable[[int], None],
) -> dict[str, float]:
    """Show the network every training image once; return the epoch's row of the history."""
    network.restart_dropout(tail, settings.seed * 100_003 + epoch)
    order = np.random.default_rng([settings.seed, epoch]).permutation(split["train"])
    batches = Batches(*data, order, settings.batch_size)
    logs = tail.fit(
        batches,
        validation_data=Batches(*data, split["val"], settings.batch_size),
        initial_epoch=epoch - 1,
        epochs=epoch,
        shuffle=False,
        verbose=0,
        callbacks=[
            keras.callbacks.TerminateOnNaN(),
            CountImages(count, batches.sizes()),
        ],
    ).history
    # A rectifier turns "not a number" into zero, so the weights are asked too.
    if not all(
        np.isfinite(value).all() for value in [*logs["loss"], *tail.get_weights()]
    ):
        raise InputError(
            f"The loss or a weight became infinite or not a number in epoch {epoch}. A smaller "
            f"`train.learning_rate` in params.yaml than {settings.learning_rate:g} may help."
        )
    return {"epoch": epoch, **{name: logs[name][0] for name in COLUMNS[1:]}}


def train(
    tail: keras.Model,
    data: tuple[Sequence[np.ndarray], np.ndarray],
    split: dict[str, np.ndarray],
    settings: params.Train,
    checkpoint: Checkpoint,
) -> pd.DataFrame:
    """Train to the last epoch, from the checkpoint's if there is one; return the history."""
    history, save_at = checkpoint.restore(tail), 0.0
    num_images = len(split["train"])
    if len(history):
        logger.info("Going on after epoch %d.", len(history))
    with Progress(
        settings.epochs * num_images, "image", len(history) * num_images
    ) as progress:
        for epoch in range(len(history) + 1, settings.epochs + 1):
            row = train_epoch(tail, data, split, settings, epoch, progress.update)
            history = pd.concat(
                [history, pd.DataFrame([row], columns=COLUMNS)], ignore_index=True
            )
            started = time.monotonic()
            if started >= save_at:
                checkpoint.save(tail, history)
                ended = time.monotonic()
                save_at = ended + CHECKPOINT_SPACING * (ended - started)
            progress.say(
                f"epoch {epoch} of {settings.epochs}: "
                + ", ".join(f"{name} {row[name]:.4f}" for name in COLUMNS[1:])
            )
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
    precision.set_precision(settings.compute.precision)
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
    history = train(model.tail, data, split, settings.train, checkpoint)
    probabilities = {
        part: model.tail.predict(
            Batches(*data, split[part], settings.train.batch_size), verbose=0
        )
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
