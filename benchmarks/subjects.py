"""The networks and images that the benchmarks run on: seeded noise, random weights."""

import gc
from unittest import mock

import numpy as np

from stages.lib.networks.runtime import keras
from stages.lib.networks import split_model
from stages.lib.networks.backbones import BACKBONES
from stages.lib.study.settings import Variant

NAMES = tuple(BACKBONES)


def build(backbone: str) -> split_model.Network:
    """Build a variant's network, four layers and the head to train."""
    gc.collect()  # networks that nobody needs any more are in cycles
    keras.utils.set_random_seed(42)
    variant = Variant(backbone=backbone, weights="random", trainable_layers=4)
    return split_model.build(variant, None)


def build_plain(backbone: str) -> split_model.Network:
    """Build the same of Keras's own layers and optimizer, as most people would."""
    with mock.patch.object(split_model, "_adapted", lambda layer: layer):
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
