"""Train one variant: its layers that are not frozen, and the head.

Reads   data/features/<variant>/  what the frozen part makes of each image
        data/weights/<variant>.h5 what the backbone starts from
        data/images.npz           labels (N,)
        data/split.npz            train, val, test: rows
Params  train; of the variant: backbone, trainable_layers
Writes  data/runs/<variant>/weights.h5         the whole network, image in, probabilities out
        data/runs/<variant>/history.csv        epoch,accuracy,val_accuracy,loss,val_loss
        data/runs/<variant>/probabilities.npz  val, test: (n, 7) float32, in the split's order
Source  the paper, section 4

A run that was killed goes on from its last finished epoch. The seed fixes the head's initial
values and, with the epoch's number, the order of the images and dropout. It does not fix
what another processor or another version of TensorFlow rounds differently.
"""

import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras

from stages.lib import console, files, network, params
from stages.lib.batches import Batches, open_features
from stages.lib.checkpoint import Checkpoint, fingerprint
from stages.lib.console import InputError

logger = logging.getLogger(__name__)

COLUMNS = ["epoch", "accuracy", "val_accuracy", "loss", "val_loss"]


def compile_tail(tail: keras.Model, learning_rate: float) -> None:
    """Set the optimizer, the loss and the metric of section 4 (C1)."""
    tail.compile(
        keras.optimizers.Adam(learning_rate),
        "sparse_categorical_crossentropy",  # on codes: the categorical one on one-hot rows
        metrics=["accuracy"],
        jit_compile=True,
    )


def train_epoch(
    tail: keras.Model,
    data: tuple[list[np.ndarray], np.ndarray],
    split: dict[str, np.ndarray],
    settings: params.Train,
    epoch: int,
) -> dict[str, float]:
    """Show the network every training image once; return the epoch's row of the history."""
    network.restart_dropout(tail, settings.seed * 100_003 + epoch)
    order = np.random.default_rng([settings.seed, epoch]).permutation(split["train"])
    logs = tail.fit(
        Batches(*data, order, settings.batch_size),
        validation_data=Batches(*data, split["val"], settings.batch_size),
        initial_epoch=epoch - 1,
        epochs=epoch,
        shuffle=False,
        verbose="auto" if sys.stdout.isatty() else 2,
        callbacks=[keras.callbacks.TerminateOnNaN()],
    ).history
    if not np.isfinite(logs["loss"][0]):
        raise InputError(
            f"The loss became infinite or not a number in epoch {epoch}. A smaller "
            f"`train.learning_rate` in params.yaml than {settings.learning_rate:g} may help."
        )
    return {"epoch": epoch, **{name: logs[name][0] for name in COLUMNS[1:]}}


def train(
    tail: keras.Model,
    data: tuple[list[np.ndarray], np.ndarray],
    split: dict[str, np.ndarray],
    settings: params.Train,
    checkpoint: Checkpoint,
) -> pd.DataFrame:
    """Train to the last epoch, from the checkpoint's if there is one; return the history."""
    history = checkpoint.restore(tail)
    if len(history):
        logger.info("Going on after epoch %d.", len(history))
    for epoch in range(len(history) + 1, settings.epochs + 1):
        row = train_epoch(tail, data, split, settings, epoch)
        history = pd.concat(
            [history, pd.DataFrame([row], columns=COLUMNS)], ignore_index=True
        )
        checkpoint.save(tail, history)
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
    return fingerprint({**settings.train, **settings.variants[name]}, [*data, *code])


def main(name: str) -> None:
    settings = params.load()
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(settings.train.seed)
    split = files.read_npz(Path("data/split.npz"))
    labels = files.read_npz(Path("data/images.npz"))["labels"]
    data = open_features(Path(f"data/features/{name}")), labels
    model = network.build(
        settings.variants[name], Path(f"data/weights/{name}.h5"), settings.train.seed
    )
    compile_tail(model.tail, settings.train.learning_rate)

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
