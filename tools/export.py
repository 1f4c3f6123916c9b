"""Write a trained run as one ONNX file: grey faces in, calibrated probabilities out.

    python -m tools.export RUN
    python -m tools.export RUN --head votes    # of a run that learned from labels and votes

Not a stage of dvc.yaml. The file is scored as it is, its weights rounded to float16 and without the
mirror image, and its probabilities are compared with the pipeline's.

Reads   data/faces/                        images.npy, faces.csv, classes.json, votes.csv
        data/splits/<split>.npz            val, test
        data/runs/<run>/                   weights.h5, probabilities.npz
Params  train; the run and its variant
Writes  exported/<run>.onnx                a model of `fer-recognise --model`
"""

import argparse
import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_transfer.networks.runtime import keras
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.votes import majority, voted_classes
from fer_transfer.export import onnx_export
from fer_transfer.networks import split_model
from fer_transfer.recognise import metadata
from fer_transfer.results import record
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.scoring import calibration
from fer_transfer.settings.settings import Variant, load_settings
from fer_transfer.training.recipe import Recipe
from tools.processes import git

logger = logging.getLogger(__name__)

# Of the mean difference to the pipeline's probabilities. Rounding stays far below, a wrong
# translation far above.
TOLERANCE = 0.01


class Head(NamedTuple):
    """One of a network's outputs, and what it is scored by."""

    prefix: str  # of its arrays in probabilities.npz
    classes: tuple[str, ...]
    labels: np.ndarray  # (N,) codes of the classes; -1: does not count


def export(name: str, wanted: str) -> None:
    """Write a run's network with one of its heads, `labels` or `votes`."""
    settings = load_settings()
    if name in settings.searches:
        raise InputError(f"{name} is a search. `dvc repro assess` writes its model.")
    run = settings.runs[name]
    variant = settings.variants[run.variant]
    if settings.splits[run.split].by == "tables":
        raise InputError(
            f"The validation images of `{name}` are its test images, so no temperature can be "
            "fitted for a model. Name a run on another split."
        )
    recipe = Recipe.of(run, settings.train)
    known = faces.read(votes=recipe.labels != "fer2013")
    network = build_network(name, variant, recipe, known)
    paths = Path(f"data/runs/{name}").glob("[!.]*")
    if why := record.why_stale(f"train@{name}", settings, record.read(), paths):
        raise InputError(
            f"`{name}` is stale, so it is not exported: {why}. Run `dvc repro train@{name}`."
        )
    head = choose_head(recipe, known, wanted)
    output = network.outputs[-1 if head.prefix else 0]
    model = onnx_export.to_onnx(keras.Model(network.input, output))

    _, labels, probabilities = read_part(name, run.split, "val", head)
    fitted = calibration.cautious_temperature(labels, probabilities)
    temperature, number = fitted["value"], fitted["images"]
    onnx_export.calibrate(model, temperature)
    rows, labels, probabilities = read_part(name, run.split, "test", head)
    images = faces.read_images()[rows]
    predicted = onnx_export.predict(onnx_export.finish(model, {}), images)
    check(predicted, calibration.with_temperature(probabilities, temperature))

    seen = ", what most people see" if head.prefix else ""
    test_set = f"{known.name}'s test set (split {run.split}{seen})"
    learned = known.name + ("" if recipe.labels == "fer2013" else ", FER+'s votes")
    origins = {"pretrained": BACKBONES[run.backbone].pretrained_on}
    before = origins.get(variant.weights, variant.weights)
    codes = predicted.argmax(axis=1)
    described = metadata.Metadata(
        name=name,
        classes=head.classes,
        temperature=temperature,
        calibrated_on=number,
        data=f"{learned} ({run.backbone}, initial weights: {before})",
        licence="MIT, apart from what the data and the first weights ask for (data/README.md)",
        run=name,
        commit=git("rev-parse", "--short", "HEAD").strip(),
        scores=metadata.score(test_set, head.classes, labels, codes),
    )
    target = Path("exported") / f"{name}.onnx"
    files.write_bytes(target, onnx_export.finish(model, described.properties()))
    size = target.stat().st_size / 1e6
    logger.info("%s: %.1f MB, %s.", target, size, described.accuracy)
    logger.info("Temperature %.2f, fitted on %d images.", temperature, number)


def choose_head(recipe: Recipe, known: faces.Faces, wanted: str) -> Head:
    """Return the head that is wanted, or the only one of a run that learned from votes."""
    if wanted == "labels" and recipe.labels != "ferplus":
        return Head("", known.classes, known.labels.astype(int))
    if recipe.labels == "fer2013":
        raise InputError("The run did not learn from votes: leave out --head votes.")
    classes = voted_classes(known.required_votes)
    labels = majority(known.required_votes, classes).astype(int)
    return Head("votes_", classes, labels)


def build_network(
    name: str, variant: Variant, recipe: Recipe, known: faces.Faces
) -> keras.Model:
    """Build a run's network, image in, probabilities out, with its trained weights."""
    weights = Path(f"data/runs/{name}/weights.h5")
    if not weights.is_file():
        raise InputError(
            f"There is no {weights}: the run {name} has not been trained here. Train it by "
            f"`dvc repro train@{name}`, or fetch it by `dvc pull train@{name}`."
        )
    num_classes, num_votes = recipe.heads(known)
    network = split_model.build(
        variant, num_classes=num_classes, num_votes=num_votes, dropout=recipe.dropout
    ).whole
    split_model.load_weights(network, weights)
    return network


def read_part(
    name: str, split: str, part: str, head: Head
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what counts of a run's validation or test images.

    Returns:
        Rows of images.npy and codes, (n,); probabilities (n, classes) by the pipeline, of the
        unmirrored images.
    """
    arrays = files.read_npz(Path(f"data/runs/{name}/probabilities.npz"))
    rows = files.read_npz(Path(f"data/splits/{split}.npz"))[part]
    array = f"{head.prefix}{part}"
    probabilities = arrays.get(f"unmirrored_{array}", arrays[array])
    counts = head.labels[rows] >= 0
    return rows[counts], head.labels[rows[counts]], probabilities[counts]


def check(predicted: np.ndarray, expected: np.ndarray) -> None:
    """Compare the file's probabilities (n, classes) with the pipeline's.

    Raises:
        InputError: If they differ by more than the rounding of weights explains.
    """
    difference = float(np.abs(predicted - expected).mean())
    if not difference <= TOLERANCE:
        raise InputError(
            f"The ONNX file's probabilities differ from the pipeline's by {difference:.2g} on "
            f"average: expected at most {TOLERANCE:g}, so nothing was written. Evaluate the run "
            "again (`dvc repro evaluate@RUN`) if its weights or its test images have changed."
        )


def main() -> None:
    parser = argparse.ArgumentParser("python -m tools.export")
    parser.add_argument("run", help="a trained run of params.yaml")
    parser.add_argument("--head", choices=("labels", "votes"), default="labels")
    options = parser.parse_args()
    export(options.run, options.head)


if __name__ == "__main__":
    command.run(main)
