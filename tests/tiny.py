"""A made-up backbone of a few layers: a module like those of fer_transfer/backbones/."""

import sys
from pathlib import Path

import pytest
import tf_keras as keras

from fer_transfer.networks.spec import Spec
from fer_transfer.results import catalog
from fer_transfer.settings import checks

SPEC = Spec(
    size=24,
    scale=1 / 255,
    offset=(0, 0, 0),
    weights_url="https://example.org/tiny.h5",
    weights_hash=f"md5:{'0' * 32}",
)
ROW = catalog.Backbone("Tiny", "faces", features=16, colour="#000000")


def build(weights: Path | None) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="first"),
            keras.layers.BatchNormalization(name="first_bn"),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="second"),
            keras.layers.Dropout(0.1, noise_shape=(None, 1, 1, 8)),
            keras.layers.Conv2D(16, 1, activation="relu", name="third"),
            keras.layers.BatchNormalization(name="third_bn"),
        ]
    )
    if weights is not None:
        model.load_weights(weights)
    return model


def install(patch: pytest.MonkeyPatch) -> None:
    """Let this be a backbone's module, which is found as the others are."""
    patch.setitem(catalog.BACKBONES, "tiny", ROW)
    patch.setattr(checks, "BACKBONES", (*checks.BACKBONES, "tiny"))
    patch.setitem(sys.modules, "fer_transfer.backbones.tiny", sys.modules[__name__])
