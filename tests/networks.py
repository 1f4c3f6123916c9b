"""Small real networks for the tests."""

import numpy as np
import tf_keras as keras

from stages.lib.networks import split_model
from stages.lib.study.settings import Variant

BACKBONES = ("mobilenet", "openface", "resnet50", "vggface")


def variant(backbone: str, trainable_layers: int | str = 4) -> Variant:
    return Variant(
        backbone=backbone, weights="random", trainable_layers=trainable_layers
    )


def build(backbone: str, trainable_layers: int | str = 4) -> split_model.Network:
    """A seeded network whose features carry a signal, which MobileNet's at first do not."""
    keras.utils.set_random_seed(7)
    built = split_model.build(variant(backbone, trainable_layers), None, head_seed=7)
    if backbone == "mobilenet":
        for layer in built.whole.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.moving_variance.assign(layer.moving_variance * 0.05)
    return built


def some_images(number: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (number, 48, 48), np.uint8)
    return pixels, random.integers(0, 7, number).astype(np.uint8)
