"""A made-up backbone of a few layers: a row for the catalog, and the function that builds it."""

import sys
from pathlib import Path

import pytest
import tf_keras as keras

from fer_transfer.networks import catalog

TINY = catalog.Backbone(
    title="Tiny",
    learned="faces",
    builder="tiny:build",
    size=24,
    scale=1 / 255,
    offset=(0, 0, 0),
    weights_url="https://example.org/tiny.h5",
    weights_hash=f"md5:{'0' * 32}",
    colour="#000000",
)


def build(weights: Path | None) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="first"),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.Dropout(0.1, noise_shape=(None, 1, 1, 8)),
            keras.layers.Conv2D(16, 1, activation="relu"),
            keras.layers.BatchNormalization(),
        ]
    )
    if weights is not None:
        model.load_weights(weights)
    return model


def install(patch: pytest.MonkeyPatch) -> None:
    """Let the catalog list this backbone, and find its function as it finds the others'."""
    patch.setitem(catalog.BACKBONES, "tiny", TINY)
    patch.setitem(sys.modules, "fer_transfer.networks.tiny", sys.modules[__name__])
