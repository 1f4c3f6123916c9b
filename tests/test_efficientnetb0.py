from unittest import mock

import numpy as np
import pytest
from tf_keras.applications import EfficientNetB0

from fer_transfer.networks.runtime import keras
from fer_transfer.networks import building
from tests.networks import network_of

# What the official file holds in the place of means and variances.
RANDOM = np.random.default_rng(0)
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.fixture(scope="module")
def official_file(tmp_path_factory):
    """A file as Keras publishes it, which Keras's own layers wrote."""
    keras.utils.set_random_seed(11)
    model = EfficientNetB0(include_top=False, input_shape=(224, 224, 3), weights=None)
    model.layers[2].adapt_mean.assign(MEAN)
    model.layers[2].adapt_variance.assign(DEVIATION)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(layer.moving_variance * 0.05)
    path = tmp_path_factory.mktemp("official") / "efficientnetb0_notop.h5"
    model.save_weights(path)
    return path


@pytest.fixture(scope="module")
def official(official_file):
    return building.build("efficientnetb0", official_file)


def test_an_official_file_gives_what_keras_makes_of_its_own(official_file, official):
    images = RANDOM.uniform(0, 255, (2, 224, 224, 3)).astype(np.float32)
    get_file = "tf_keras.src.utils.data_utils.get_file"
    with mock.patch(get_file, return_value=str(official_file)):
        keras_s = EfficientNetB0(include_top=False, weights="imagenet")
    expected = keras_s(images).numpy()
    np.testing.assert_allclose(
        official(images), expected, atol=1e-4 * np.abs(expected).max()
    )


def test_weights_loaded_later_in_the_project_s_layout_normalise_as_well(
    official, tmp_path
):
    pixels = RANDOM.integers(0, 256, (3, 48, 48), np.uint8)
    official.save_weights(tmp_path / "weights.h5")
    built = network_of("efficientnetb0", 0, tmp_path / "weights.h5")
    assert all(
        map(np.array_equal, built.backbone.get_weights(), official.get_weights())
    )
    normalization = official.layers[2]
    np.testing.assert_array_equal(normalization.adapt_variance, np.float32(DEVIATION))
    prepared = keras.layers.Resizing(224, 224)(np.repeat(pixels[..., None], 3, -1))
    maps = official(prepared).numpy()
    np.testing.assert_allclose(
        built.frozen(pixels), maps.mean(axis=(1, 2)), atol=1e-4 * np.abs(maps).max()
    )
