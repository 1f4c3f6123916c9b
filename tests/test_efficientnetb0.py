from unittest import mock

import numpy as np
import pytest
from tf_keras.applications import EfficientNetB0

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.networks import building, split_model

PARAMETERS = 4_049_571  # without classifier, as Keras documents 5.3 million with it
# What the official file holds in the place of means and variances.
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)


@pytest.fixture(scope="module")
def images():
    values = np.random.default_rng(1).uniform(0, 255, (2, 224, 224, 3))
    return values.astype(np.float32)


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


def test_the_parameters_are_keras_s(official):
    assert official.count_params() == PARAMETERS
    assert official.output_shape == (None, 7, 7, 1280)


def test_an_official_file_gives_what_keras_makes_of_its_own(
    official_file, official, images
):
    get_file = "tf_keras.src.utils.data_utils.get_file"
    with mock.patch(get_file, return_value=str(official_file)):
        keras_s = EfficientNetB0(include_top=False, weights="imagenet")
    expected = keras_s(images).numpy()
    np.testing.assert_allclose(
        official(images), expected, atol=1e-4 * np.abs(expected).max()
    )
    # A path to the same file does not give the same: why there is a layer of our own.
    by_path = EfficientNetB0(include_top=False, weights=str(official_file))(images)
    assert np.abs(by_path - expected).max() > 0.01 * np.abs(expected).max()


def test_a_loaded_backbone_keeps_its_weights_in_the_project_s_layout(
    official, tmp_path, pixels
):
    official.save_weights(tmp_path / "weights.h5")
    built = split_model.build("efficientnetb0", 0, tmp_path / "weights.h5")
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


def test_weights_set_later_normalise_too(official, images):
    other = building.build("efficientnetb0", None)
    other.set_weights(official.get_weights())
    np.testing.assert_array_equal(other(images), official(images))


def test_the_last_four_layers_train_on_the_features_before_them(official_file, pixels):
    built = split_model.build("efficientnetb0", 4, official_file)
    training = [layer.name for layer in built.whole.layers if layer.trainable]
    last = ["block7a_project_bn", "top_conv", "top_bn", "top_activation"]
    assert training == [*last, "head"]
    whole, tail = built.whole(pixels), built.tail(built.frozen(pixels))
    np.testing.assert_allclose(whole, tail, rtol=1e-4)


def test_every_weight_learns_and_whole_branches_drop_when_all_layers_train(
    official_file, pixels
):
    tail = split_model.build("efficientnetb0", "all", official_file).tail
    drops = [layer for layer in tail.layers if isinstance(layer, keras.layers.Dropout)]
    assert {layer.noise_shape for layer in drops} == {(None, 1, 1, 1)}
    split_model.restart_dropout(tail, 1)
    with tf.GradientTape() as tape:
        probabilities = tail(pixels, training=True)
        loss = keras.losses.sparse_categorical_crossentropy([0, 1, 2], probabilities)
    slopes = tape.gradient(loss, tail.trainable_weights)
    assert all(np.isfinite(slope).all() and np.any(slope) for slope in slopes)
