"""Train one run: a variant's layers that are not frozen, and the head, from one seed.

Reads   data/features/<variant>/  each image's tensors at the split point
        data/weights/<variant>.h5 what the backbone starts from
        data/faces/               faces.csv, classes.json: labels (N,); votes.csv, for a run
                                  that learns from votes
        data/splits/<split>.npz   train, val, test: rows
Params  train, compute; the run; of its variant: backbone, trainable_layers, size, precision
Writes  data/runs/<run>/weights.h5         the whole network, image in, probabilities out
        data/runs/<run>/history.csv        epoch,accuracy,val_accuracy,loss,val_loss; with two
                                           heads votes_accuracy,val_votes_accuracy too
        data/runs/<run>/probabilities.npz  val, test: (n, classes) float32, in the split's order;
                                           what a recipe adds: fer_transfer/training/prediction.py
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

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data import faces
from fer_transfer.features.feature_store import open_features
from fer_transfer.networks import precision, runtime, split_model
from fer_transfer.networks.building import spec_of
from fer_transfer.settings.settings import Run, Settings, Variant, load_settings
from fer_transfer.training import augment
from fer_transfer.training.average import WeightAverage
from fer_transfer.training.batches import Batches
from fer_transfer.training.checkpoint import Checkpoint
from fer_transfer.training.loop import Loop
from fer_transfer.training.prediction import probabilities
from fer_transfer.training.recipe import Recipe, Targets, compile_model, targets

logger = logging.getLogger(__name__)

MEANS = ["accuracy", "val_accuracy", "loss", "val_loss"]
MEANS_OF_VOTES = ["votes_accuracy", "val_votes_accuracy"]

# Between checkpoints training has this many times as long to itself as writing one takes: the
# first as reckoned from its size, for a disk that is slow, and each later one as the last took.
CHECKPOINT_SPACING = 9
BYTES_PER_PARAMETER = 3 * 4  # its value and Adam's two moments, float32
BYTES_PER_SECOND = 5e8


def part_of(
    rows: np.ndarray, labels: np.ndarray, share: float, seed: int
) -> np.ndarray:
    """Take a share of the training rows, of each emotion alike."""
    # Here, because few runs take a share, and importing it takes each half a second.
    from sklearn.model_selection import train_test_split

    part, _ = train_test_split(
        rows, train_size=share, random_state=seed, stratify=labels[rows]
    )
    return np.sort(part)


def train_epoch(
    loop: Loop,
    data: tuple[Sequence[np.ndarray], Targets],
    split: dict[str, np.ndarray],
    recipe: Recipe,
    seed: int,
    epoch: int,
    count: Callable[[int], None],
) -> tuple[dict[str, float], float]:
    """Train on every training image once, and evaluate on the validation set.

    Returns the epoch's row of the history, and the seconds spent waiting for features.
    """
    split_model.restart_dropout(loop.model, seed * 100_003 + epoch)
    augment.restart(loop.model, seed * 100_003 + epoch)
    order = np.random.default_rng([seed, epoch]).permutation(split["train"])
    train_batches = Batches(*data, order, recipe.batch_size)
    val_batches = Batches(*data, split["val"], recipe.batch_size)
    means = loop.train(train_batches, count)
    # A ReLU turns "not a number" into zero, so the weights are checked too, but for counts.
    weights = [weight for weight in loop.model.weights if weight.dtype.is_floating]
    if not all(
        tf.reduce_all(tf.math.is_finite(value)) for value in [*means.values(), *weights]
    ):
        raise InputError(
            f"The loss or a weight became infinite or not a number in epoch {epoch}. A "
            f"smaller `learning_rate` in params.yaml than {loop.learning_rate:g} may help."
        )
    means |= {f"val_{name}": mean for name, mean in loop.evaluate(val_batches).items()}
    waited = train_batches.waited + val_batches.waited
    names = [name for name in MEANS + MEANS_OF_VOTES if name in means]
    return {"epoch": epoch, **{name: means[name] for name in names}}, waited


def train(
    loop: Loop,
    data: tuple[Sequence[np.ndarray], Targets],
    split: dict[str, np.ndarray],
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
) -> pd.DataFrame:
    """Train to the last epoch, from the checkpoint's if there is one; return the history."""
    history = checkpoint.restore(loop.model, loop.average)
    saved = time.monotonic()
    writing = loop.model.count_params() * BYTES_PER_PARAMETER / BYTES_PER_SECOND
    num_images = len(split["train"])
    if len(history):
        logger.info("Going on after epoch %d.", len(history))
    with Progress(
        recipe.epochs * num_images, "image", len(history) * num_images
    ) as progress:
        for epoch in range(len(history) + 1, recipe.epochs + 1):
            started = time.monotonic()
            row, waited = train_epoch(
                loop, data, split, recipe, seed, epoch, progress.update
            )
            history = pd.concat([history, pd.DataFrame([row])], ignore_index=True)
            ended = time.monotonic()
            progress.say(
                f"epoch {epoch} of {recipe.epochs}: "
                + ", ".join(f"{name} {row[name]:.4f}" for name in list(row)[1:])
                + f" ({waited / (ended - started):.0%} of the time waiting for features)"
            )
            if ended - saved >= CHECKPOINT_SPACING * writing:
                checkpoint.save(loop.model, history, loop.average)
                saved = time.monotonic()
                writing = saved - ended
    return history


def key_of(settings: Settings, name: str) -> str:
    """Name the state of a run by everything that it depends on."""
    run = settings.runs[name]
    # Section by section: what a run leaves out must not hide what `train` says of it.
    sections = {
        "train": {**settings.train},
        "compute": {**settings.compute},
        "variant": {**settings.variants[run.variant]},
        "run": {**run},
    }
    weights = Path(f"data/weights/{run.variant}.h5")
    measured = Path(f"metrics/features/{run.variant}.json")
    split = Path(f"data/splits/{run.split}.npz")
    known = [faces.FOLDER / name for name in ("faces.csv", "classes.json", "votes.csv")]
    inputs = [*known, split, weights, measured, runtime.VERSIONS]
    return state_key(sections, inputs)


def build_network(
    run: Run, variant: Variant, recipe: Recipe, known: faces.Faces
) -> split_model.Network:
    """Build a run's network as it starts."""
    size = variant.size or spec_of(variant.backbone).size
    num_classes, num_votes = recipe.heads(known)
    return split_model.build(
        variant.backbone,
        variant.trainable_layers,
        Path(f"data/weights/{run.variant}.h5"),
        run.seed,
        num_classes,
        recipe.dropout,
        size,
        num_votes,
        augment.Augmentation(size) if recipe.augment else None,
    )


def main(name: str) -> None:
    settings = load_settings()
    runtime.check_versions()
    run = settings.runs[name]
    variant = settings.variants[run.variant]
    tf.config.experimental.enable_op_determinism()
    precision.set_precision(
        precision.resolve_precision(variant.precision or settings.compute.precision)
    )
    keras.utils.set_random_seed(run.seed)
    split = files.read_npz(Path(f"data/splits/{run.split}.npz"))
    recipe = Recipe.of(run, settings.train)
    known = faces.read(votes=recipe.labels != "fer2013")
    if run.train_share:
        split["train"] = part_of(
            split["train"], known.labels, run.train_share, run.seed
        )
    features = open_features(Path(f"data/features/{run.variant}"))
    data = features, targets(recipe, known, split["train"])
    network = build_network(run, variant, recipe, known)
    steps = -(-len(split["train"]) // recipe.batch_size)
    compile_model(network.tail, recipe, steps)

    logger.info("Training %s for %d epochs.", name, recipe.epochs)
    checkpoint = Checkpoint(Path(".ckpt") / f"{name}-{key_of(settings, name)}")
    average = WeightAverage(network.tail, recipe.average) if recipe.average else None
    loop = Loop(network.tail, data[1], average)
    history = train(loop, data, split, recipe, run.seed, checkpoint)
    if average:
        average.apply()
    predicted = probabilities(loop, features, split, recipe, known)

    folder = Path(f"data/runs/{name}")
    with files.atomic_write(folder / "weights.h5") as part:
        network.whole.save_weights(part, save_format="h5")
    files.write_csv(folder / "history.csv", history)
    files.write_npz(folder / "probabilities.npz", predicted)
    checkpoint.remove()


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
