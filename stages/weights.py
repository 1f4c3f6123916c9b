"""Make the weights that one variant's backbone starts from.

Reads   nothing for a random variant; else the official file or the named model, by its hash
Params  weights, synthetic (for stand-in weights); of the variant: backbone, weights, hash, seed
Writes  data/weights/<variant>.h5      the backbone's weights, in one layout for all
        metrics/weights/<variant>.json where they come from
Source  the paper, section 4; where the official files are: fer_transfer/backbones/
"""

import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fer_transfer.networks.runtime import keras
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.fetching import addresses, fetch
from fer_transfer.networks import building, onnx_weights, runtime, split_model
from fer_transfer.networks.building import WEIGHT_LOADING_ERRORS
from fer_transfer.networks.layers import Head
from fer_transfer.settings.settings import Settings, Synthetic, Variant, load_settings
from fer_transfer.synthetic import drawing

logger = logging.getLogger(__name__)

# The demo's stand-in training: enough to move every weight, and no more.
STAND_IN_BATCH = 4
STAND_IN_MOMENTUM = 0.1  # batch normalisation's: its statistics settle in a few steps


def random_weights(backbone: str, seed: int) -> keras.Model:
    """Build a backbone with initial values that depend on the seed alone."""
    keras.utils.set_random_seed(seed)
    return building.build(backbone, None)


def official_weights(backbone: str) -> tuple[keras.Model, fetch.Origin]:
    """Build a backbone with its published weights, and say where they came from."""
    spec = building.spec_of(backbone)
    with tempfile.TemporaryDirectory(dir="data") as folder:
        file = Path(folder) / addresses.file_name(spec.weights_url)
        origin = fetch.fetch(spec.weights_url, spec.weights_hash, file)
        model = _loaded(backbone, file)
    return model, origin


def _loaded(backbone: str, file: Path) -> keras.Model:
    """Build a backbone whose every weight comes from the file."""
    try:
        if h5py.is_hdf5(file) and (elsewhere := _kept_elsewhere(file)):
            raise ValueError(f"{elsewhere} lies in another file")
        model = building.build(backbone, file)
        if not all(np.isfinite(weight).all() for weight in model.weights):
            raise ValueError("some of its values are infinite or not a number")
    except WEIGHT_LOADING_ERRORS as error:
        why = error.__cause__ or error  # deepface hides the reason behind its own
        raise InputError(
            f"{file.name} does not hold this network's weights: {why}. Its checksum is as "
            "expected, so it was damaged where it comes from: replace it there."
        ) from error
    return model


def _kept_elsewhere(file: Path) -> str | None:
    """Return the name of something that HDF5 would read from another file, if there is any."""

    def linked(name: str, link: object) -> str | None:
        return None if isinstance(link, h5py.HardLink) else name

    def stored_outside(name: str, item: h5py.Group | h5py.Dataset) -> str | None:
        inside = isinstance(item, h5py.Group) or not (item.external or item.is_virtual)
        return None if inside else name

    with h5py.File(file) as opened:
        link: str | None = opened.visititems_links(linked)
        return link or opened.visititems(stored_outside)


def model_weights(variant: Variant) -> tuple[keras.Model, dict[str, Any]]:
    """Build a backbone with the weights of a trained model, an ONNX file of `tools.export`."""
    path = Path(variant.weights)
    if not path.is_file():
        raise InputError(
            f"There is no {path}, which `variants` in params.yaml name as weights. Correct the "
            "path: it starts in the project's top folder."
        )
    sha256 = files.digest(path, "sha256")
    if variant.hash != f"sha256:{sha256}":
        raise InputError(
            f"Checksum mismatch of {path}: expected {variant.hash}, got sha256:{sha256}. If it "
            "is the model that you want to start from, set `hash` in params.yaml to that."
        )
    model = building.build(variant.backbone, None)
    onnx_weights.assign(model, path)
    return model, {"name": path.name, "source": "model", "sha256": sha256}


def stand_in_weights(backbone: str, faces: Synthetic) -> keras.Model:
    """Train a backbone for a few steps to tell the identities of synthetic faces apart."""
    keras.utils.set_random_seed(faces.seed + 1)  # not the values of the random variant
    variant = Variant(backbone=backbone, trainable_layers="all")
    model = split_model.build(variant).backbone
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = STAND_IN_MOMENTUM
    head = Head(num_classes=faces.identities, seed=faces.seed)(model.output)
    classifier = keras.Model(model.input, head)
    classifier.compile(
        # Plain descent keeps no moments, and the legacy one no copies: of VGG-Face's
        # weights Adam has four at once, 2.3 GB.
        keras.optimizers.legacy.SGD(1e-3),
        "sparse_categorical_crossentropy",
        run_eagerly=True,  # building the graph would take longer than these steps
    )
    pixels, _, identities = drawing.draw(faces.images, faces.identities, faces.seed + 1)
    rows = np.arange(faces.pretraining_steps * STAND_IN_BATCH) % faces.images
    for batch in np.split(rows, faces.pretraining_steps):
        classifier.train_on_batch(pixels[batch], identities[batch])
    return model


def starting_weights(
    variant: Variant, settings: Settings
) -> tuple[keras.Model, dict[str, Any]]:
    """Make what a variant starts from; return it, and where it comes from."""
    name = variant.backbone
    if variant.seed is not None:
        logger.info("Drawing initial values for %s.", name)
        origin: dict[str, Any] = {"source": "random", "seed": variant.seed}
        return random_weights(name, variant.seed), origin
    if variant.hash:
        return model_weights(variant)
    if settings.weights.pretrained == "official":
        model, fetched = official_weights(name)
        return model, fetched._asdict()
    logger.info("Training stand-in weights for %s on synthetic faces.", name)
    model = stand_in_weights(name, settings.synthetic)
    return model, {"source": "stand-in", "seed": settings.synthetic.seed}


def main(name: str) -> None:
    settings = load_settings()
    runtime.check_versions()
    Path("data").mkdir(exist_ok=True)
    model, origin = starting_weights(settings.variants[name], settings)
    with files.atomic_write(Path(f"data/weights/{name}.h5")) as part:
        model.save_weights(part, save_format="h5")
    origin["parameters"] = model.count_params()
    files.write_json(Path(f"metrics/weights/{name}.json"), origin)


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
