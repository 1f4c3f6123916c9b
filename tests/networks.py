"""Small real networks for the tests."""

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tf_keras as keras

from fer_transfer.networks import split_model
from fer_transfer.settings.settings import Variant
from fer_transfer.training.checkpoint import Checkpoint
from fer_transfer.training.loop import Loop

BACKBONES = (
    "mobilenet",
    "openface",
    "resnet50",
    pytest.param("vggface", marks=pytest.mark.slow),  # 134 million parameters
)


def network_of(
    backbone: str,
    trainable_layers: int | str = 4,
    weights: Path | None = None,
    size: int | None = None,
    **options: Any,
) -> split_model.Network:
    """The network of a variant; `options` are those of its run."""
    variant = Variant(backbone=backbone, trainable_layers=trainable_layers, size=size)
    return split_model.build(variant, weights, **options)


def build(
    backbone: str, trainable_layers: int | str = 4, dropout: float = 0
) -> split_model.Network:
    """A seeded network whose features are informative, which MobileNet's at first are not."""
    keras.utils.set_random_seed(7)
    built = network_of(backbone, trainable_layers, head_seed=7, dropout=dropout)
    gc.collect()  # what building it left
    if backbone == "mobilenet":
        for layer in built.whole.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.moving_variance.assign(layer.moving_variance * 0.05)
    return built


def release() -> None:
    """Give back what networks took that nothing refers to any more."""
    keras.backend.clear_session()
    gc.collect()


def some_images(number: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (number, 48, 48), np.uint8)
    return pixels, random.integers(0, 7, number).astype(np.uint8)


class KilledError(Exception):
    """Stands for the moment of a kill in a test that stays in one process."""


def killing(checkpoint: Checkpoint, after: int) -> Checkpoint:
    """Let a training be killed once its checkpoint has kept so many epochs."""
    keep = checkpoint.save

    def save(loop: Loop, history: pd.DataFrame, *others: object) -> None:
        keep(loop, history, *others)
        if len(history) == after:
            raise KilledError

    checkpoint.save = save
    return checkpoint
