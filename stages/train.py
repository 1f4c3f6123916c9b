"""Train one run: a variant's layers that are not frozen, and the head, from one seed.

Reads   data/features/<variant>/  each image's tensors at the split point
        data/weights/<variant>.h5 what the backbone starts from
        data/faces/               faces.csv, classes.json: labels (N,); votes.csv, for a run
                                  that learns from votes
        data/splits/<split>.npz   train, val, test: rows
Params  train, compute; the run; of its variant: backbone, trainable_layers, size, scaling,
        batch_statistics, precision
Writes  data/runs/<run>/weights.h5         the whole network, image in, probabilities out
        data/runs/<run>/history.csv        epoch,accuracy,val_accuracy,loss,val_loss; with two
                                           heads votes_accuracy,val_votes_accuracy too
        data/runs/<run>/probabilities.npz  val, test: (n, classes) float32, in the split's order;
                                           what a recipe adds: fer_transfer/training/prediction.py
Source  the paper, section 4

With early stopping, weights and probabilities are those of the epoch that is best on validation;
`last_val`, `last_test` and so on are the last one's.

A run that was killed goes on from its last checkpoint (fer_transfer/training/fit.py). The seed
fixes the head's initial values and, with the epoch's number, the order of the images, dropout
and augmentation. It does not fix what another processor or another version of TensorFlow
rounds differently.
"""

import logging
import sys
from pathlib import Path

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data import faces
from fer_transfer.features.feature_store import open_features
from fer_transfer.networks import precision, runtime, split_model
from fer_transfer.networks.building import spec_of
from fer_transfer.settings.settings import Run, Settings, Variant, load_settings
from fer_transfer.training import augment, fit
from fer_transfer.training.average import WeightAverage
from fer_transfer.training.checkpoint import Checkpoint
from fer_transfer.training.loop import Loop
from fer_transfer.training.prediction import probabilities
from fer_transfer.training.recipe import Recipe, compile_model, targets

logger = logging.getLogger(__name__)


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
        variant,
        Path(f"data/weights/{run.variant}.h5"),
        head_seed=run.seed,
        num_classes=num_classes,
        num_votes=num_votes,
        dropout=recipe.dropout,
        resize=augment.Augmentation(size) if recipe.augment else None,
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
    split["train"] = fit.training_rows(split["train"], known.labels, run)
    features = open_features(Path(f"data/features/{run.variant}"))
    data = features, targets(recipe, known, split["train"])
    network = build_network(run, variant, recipe, known)
    steps = -(-len(split["train"]) // recipe.batch_size)
    compile_model(network.tail, recipe, steps)

    logger.info("Training %s for %d epochs.", name, recipe.epochs)
    checkpoint = Checkpoint(Path(".ckpt") / f"{name}-{key_of(settings, name)}")
    average = WeightAverage(network.tail, recipe.average) if recipe.average else None
    loop = Loop(network.tail, data[1], average)
    history, best = fit.train(loop, data, split, recipe, run.seed, checkpoint)
    if average:
        loop.set_scored_weights(loop.scored_weights())
    predicted = probabilities(loop, features, split, recipe, known)
    if best:
        loop.set_scored_weights(best)
        last = {f"last_{part}": array for part, array in predicted.items()}
        predicted = last | probabilities(loop, features, split, recipe, known)

    folder = Path(f"data/runs/{name}")
    with files.atomic_write(folder / "weights.h5") as part:
        network.whole.save_weights(part, save_format="h5")
    files.write_csv(folder / "history.csv", history)
    files.write_npz(folder / "probabilities.npz", predicted)
    checkpoint.remove()


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
