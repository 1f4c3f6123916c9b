"""Make the weights that one variant's backbone starts from.

Reads   nothing for a random variant; the official file, by its hash, for a pretrained one
Params  weights, sample (for stand-in weights); of the variant: backbone, weights
Writes  data/weights/<variant>.h5      the backbone's weights, in one layout for all
        metrics/weights/<variant>.json where they come from
Source  the paper, section 4; where the official files are: stages/lib/backbones.py
"""

import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from stages.lib.framework import keras
from stages.lib import addresses, console, fetch, files, network, params, sample
from stages.lib.backbones import BACKBONES, UNFIT, Backbone
from stages.lib.console import InputError
from stages.lib.layers import Head

logger = logging.getLogger(__name__)

# The demo's stand-in training: enough to move every weight, and no more.
STAND_IN_BATCH = 4
STAND_IN_MOMENTUM = 0.1  # batch normalisation's: its statistics settle in a few steps


def random_weights(backbone: Backbone, seed: int) -> keras.Model:
    """Build a backbone with initial values that depend on the seed alone."""
    keras.utils.set_random_seed(seed)
    return backbone.build(None)


def official_weights(backbone: Backbone) -> tuple[keras.Model, fetch.Origin]:
    """Build a backbone with its published weights, and say where they came from."""
    with tempfile.TemporaryDirectory(dir="data") as folder:
        file = Path(folder) / addresses.file_name(backbone.weights_url)
        origin = fetch.fetch(backbone.weights_url, backbone.weights_hash, file)
        model = _loaded(backbone, file)
    return model, origin


def _loaded(backbone: Backbone, file: Path) -> keras.Model:
    """Build a backbone whose every weight comes from the file."""
    try:
        if elsewhere := _kept_elsewhere(file):
            raise ValueError(f"{elsewhere} lies in another file")
        model = backbone.build(file)
        if not _finite(model):
            raise ValueError("some of its values are infinite or not a number")
    except UNFIT as error:
        why = error.__cause__ or error  # deepface wraps what happened in a guess
        raise InputError(
            f"{file.name} does not hold this network's weights: {why}. It has a hash that is "
            "vouched for, so it was wrong from the start: replace it where it came from."
        ) from error
    return model


def _finite(model: keras.Model) -> bool:
    return all(np.isfinite(values).all() for values in model.get_weights())


def _kept_elsewhere(file: Path) -> str | None:
    """Return the name of something that HDF5 would read from another file, if there is any."""

    def followed(name: str, link: object) -> str | None:
        return None if isinstance(link, h5py.HardLink) else name

    def stored_outside(name: str, item: h5py.Group | h5py.Dataset) -> str | None:
        inside = isinstance(item, h5py.Group) or not (item.external or item.is_virtual)
        return None if inside else name

    with h5py.File(file) as opened:
        found: str | None = opened.visititems_links(followed)
        return found or opened.visititems(stored_outside)


def stand_in_weights(backbone: str, faces: params.Sample, seed: int) -> keras.Model:
    """Train a backbone for a few steps to tell the identities of drawn faces apart."""
    keras.utils.set_random_seed(seed + 1)  # not the values of the random variant
    variant = params.Variant(
        backbone=backbone, weights="random", trainable_layers="all"
    )
    model = network.build(variant, None).backbone
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = STAND_IN_MOMENTUM
    head = Head(num_classes=faces.identities, seed=seed)(model.output)
    classifier = keras.Model(model.input, head)
    classifier.compile(
        keras.optimizers.legacy.Adam(1e-4),
        "sparse_categorical_crossentropy",
        run_eagerly=True,  # building the graph would take longer than these steps
    )
    pixels, _, identities = sample.draw(faces.images, faces.identities, faces.seed + 1)
    rows = np.arange(faces.pretraining_steps * STAND_IN_BATCH) % faces.images
    for batch in np.split(rows, faces.pretraining_steps):
        classifier.train_on_batch(pixels[batch], identities[batch])
    return model


def main(name: str) -> None:
    settings = params.load()
    variant = settings.variants[name]
    backbone = BACKBONES[variant.backbone]
    Path("data").mkdir(exist_ok=True)
    origin: dict[str, Any] = {"source": "random", "seed": settings.weights.seed}
    if variant.weights == "random":
        logger.info("Drawing initial values for %s.", variant.backbone)
        model = random_weights(backbone, settings.weights.seed)
    elif settings.weights.pretrained == "stand-in":
        logger.info(
            "Training stand-in weights for %s on drawn faces.", variant.backbone
        )
        model = stand_in_weights(
            variant.backbone, settings.sample, settings.weights.seed
        )
        if not _finite(model):
            raise InputError(
                f"The stand-in weights of {variant.backbone} became infinite or not a number. "
                "Fewer `sample.pretraining_steps` in params.yaml, or another `weights.seed`, "
                "may help."
            )
        origin = {"source": "stand-in", "seed": settings.weights.seed}
    else:
        model, fetched = official_weights(backbone)
        origin = fetched._asdict()
    with files.whole(Path(f"data/weights/{name}.h5")) as part:
        model.save_weights(part, save_format="h5")
    origin["parameters"] = model.count_params()
    files.write_json(Path(f"metrics/weights/{name}.json"), origin)


if __name__ == "__main__":
    console.run(main, *sys.argv[1:])
