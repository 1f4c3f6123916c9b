"""The networks and images that the benchmarks run on: seeded noise, random weights."""

import gc
from unittest import mock

import numpy as np

from stages.lib.framework import keras
from stages.lib import network, params
from stages.lib.backbones import BACKBONES

NAMES = tuple(BACKBONES)


def build(backbone: str) -> network.Network:
    """Build a variant's network, four layers and the head to train."""
    gc.collect()  # networks that nobody needs any more are in cycles
    keras.utils.set_random_seed(42)
    variant = params.Variant(backbone=backbone, weights="random", trainable_layers=4)
    return network.build(variant, None)


def build_plain(backbone: str) -> network.Network:
    """Build the same of Keras's own layers and optimizer, as most people would."""
    with mock.patch.object(network, "_adapted", lambda layer: layer):
        plain = build(backbone)
    for model in (plain.whole, plain.tail):
        model.compile(
            keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", ["accuracy"]
        )
    return plain


def images(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (number, 48, 48) uint8 and labels (number,)."""
    random = np.random.default_rng(42)
    pixels = random.integers(0, 256, (number, 48, 48), np.uint8)
    return pixels, random.integers(0, 7, number).astype(np.uint8)
