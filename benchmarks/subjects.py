"""The networks and images that the benchmarks run on: seeded noise, random weights."""

import gc
from unittest import mock

import numpy as np

from fer_transfer.networks.runtime import keras
from fer_transfer.networks import precision, split_model
from fer_transfer.settings.settings import Variant

# Those that this machine trains in.
PRECISIONS = ["float32", *["bfloat16"] * precision.has_bfloat16()]


def build(backbone: str) -> split_model.Network:
    """Build a network whose last four layers and head train, from random weights."""
    gc.collect()  # networks that are no longer needed are in reference cycles
    keras.utils.set_random_seed(42)
    return split_model.build(Variant(backbone=backbone))


def build_plain(backbone: str) -> keras.Model:
    """Build the whole from Keras's own layers and optimizer, as most people would."""
    with mock.patch.object(split_model, "_adapted", lambda layer: layer):
        plain = build(backbone).whole
    adam = keras.optimizers.Adam(1e-4)
    plain.compile(adam, "sparse_categorical_crossentropy", ["accuracy"])
    return plain


def images(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (number, 48, 48) uint8 and labels (number,)."""
    random = np.random.default_rng(42)
    pixels = random.integers(0, 256, (number, 48, 48), np.uint8)
    return pixels, random.integers(0, 7, number).astype(np.uint8)
