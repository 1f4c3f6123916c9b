"""The course of a training: its epochs, its history, its checkpoints.

A run that was killed goes on from its last checkpoint: of its last finished epoch, or of an
earlier one where writing them all would take more than a tenth of the time.
"""

import logging
import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from fer_transfer.networks.runtime import tf
from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from fer_transfer.networks import split_model
from fer_transfer.settings.settings import Run
from fer_transfer.training import augment
from fer_transfer.training.batches import Batches
from fer_transfer.training.checkpoint import Checkpoint
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, Targets

logger = logging.getLogger(__name__)

MEANS = ["accuracy", "val_accuracy", "loss", "val_loss"]
MEANS_OF_VOTES = ["votes_accuracy", "val_votes_accuracy"]

# Between checkpoints. VGG-Face's, the largest, takes seconds to write, and its epochs minutes.
CHECKPOINT_SECONDS = 60


def training_rows(rows: np.ndarray, labels: np.ndarray, run: Run) -> np.ndarray:
    """Return the rows that a run trains on: all, or a share or number of each class, at random."""
    if run.train_share:
        # Here, because few runs take a share, and importing it takes each half a second.
        from sklearn.model_selection import train_test_split

        part, _ = train_test_split(
            rows,
            train_size=run.train_share,
            random_state=run.seed,
            stratify=labels[rows],
        )
        rows = np.sort(part)
    if run.train_per_class:
        shuffled = np.random.default_rng(run.seed).permutation(rows)
        ranks = pd.Series(shuffled).groupby(labels[shuffled]).cumcount().to_numpy()
        rows = np.sort(shuffled[ranks < run.train_per_class])
    return rows


def train_epoch(
    loop: Loop,
    data: tuple[Sequence[np.ndarray], Targets],
    split: dict[str, np.ndarray],
    recipe: Recipe,
    seed: int,
    epoch: int,
    count: Callable[[int], object],
) -> dict[str, float]:
    """Train on every training image once, and evaluate on the validation set.

    Returns the epoch's row of the history.
    """
    split_model.restart_dropout(loop.model, seed * 100_003 + epoch)
    augment.restart(loop.model, seed * 100_003 + epoch)
    order = np.random.default_rng([seed, epoch]).permutation(split["train"])
    means = loop.train(Batches(*data, order, recipe.batch_size), count)
    # A ReLU turns "not a number" into zero, so the weights are checked too, but for counts.
    weights = [weight for weight in loop.model.weights if weight.dtype.is_floating]
    if not all(
        tf.reduce_all(tf.math.is_finite(value)) for value in [*means.values(), *weights]
    ):
        raise InputError(
            f"The loss or a weight became infinite or not a number in epoch {epoch}. A "
            f"smaller `learning_rate` in params.yaml than {recipe.learning_rate:g} may help."
        )
    evaluated = loop.evaluate(Batches(*data, split["val"], recipe.batch_size))
    means |= {f"val_{name}": mean for name, mean in evaluated.items()}
    names = [name for name in MEANS + MEANS_OF_VOTES if name in means]
    return {"epoch": epoch, **{name: means[name] for name in names}}


def train(
    loop: Loop,
    data: tuple[Sequence[np.ndarray], Targets],
    split: dict[str, np.ndarray],
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Train to the last epoch, from the checkpoint's if there is one.

    With `recipe.early_stopping` it ends earlier, after so many epochs that were not better.

    Returns:
        The history; and, with early stopping, the weights of the epoch with the highest
        validation accuracy, of equals the first, as `Loop.scored_weights` returns them.
    """
    history, best = checkpoint.restore(loop)
    saved = time.monotonic()
    num_images = len(split["train"])
    if len(history):
        logger.info("Going on after epoch %d.", len(history))
    with Progress(
        recipe.epochs * num_images, "image", len(history) * num_images
    ) as progress:
        for epoch in range(len(history) + 1, recipe.epochs + 1):
            if best and epoch > _best_epoch(history) + recipe.early_stopping:
                break
            row = train_epoch(loop, data, split, recipe, seed, epoch, progress.update)
            history = pd.concat([history, pd.DataFrame([row])], ignore_index=True)
            if recipe.early_stopping and _best_epoch(history) == epoch:
                best = loop.scored_weights()
            progress.say(
                f"epoch {epoch} of {recipe.epochs}: "
                + ", ".join(f"{name} {row[name]:.4f}" for name in list(row)[1:])
            )
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                checkpoint.save(loop, history, best)
                saved = time.monotonic()
    return history, best


def _best_epoch(history: pd.DataFrame) -> int:
    return int(history["val_accuracy"].argmax()) + 1
