import contextlib

import cv2
import h5py
import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
import tiny
from deepface.modules import preprocessing
from tf_keras.applications import MobileNet, mobilenet, resnet

from fer_transfer.console.errors import InputError
from fer_transfer.networks import building, split_model
from fer_transfer.settings.settings import Variant
from tests.networks import BACKBONES, build, network_of, release, some_images

LAST_FOUR = {
    "mobilenet": ["conv_dw_13_relu", "conv_pw_13", "conv_pw_13_bn", "conv_pw_13_relu"],
    "resnet50": [f"conv5_block3_{part}" for part in ("3_conv", "3_bn", "add", "out")],
    "openface": ["average_pooling2d", "flatten", "dense_layer", "norm_layer"],
    "vggface": ["conv2d", "dropout", "conv2d", "flatten"],
    "resnet29": ["stage5_block1_relu", "average", "flatten", "descriptor"],
    "efficientnetb0": ["block7a_project_bn", "top_conv", "top_bn", "top_activation"],
}
OTHERS = ("resnet29", "efficientnetb0")
SPLIT_TENSORS = {
    "mobilenet": [(7, 7, 1024)],
    "resnet50": [(7, 7, 512), (7, 7, 2048)],  # the residual branch and the shortcut
    "openface": [(3, 3, 736)],
    "vggface": [(7, 7, 512)],
    "resnet29": [(2, 2, 256)],
    "efficientnetb0": [(7, 7, 320)],
}


@pytest.fixture(scope="module", params=[*BACKBONES, *OTHERS])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def built(name):
    network = build(name)
    yield network
    del network
    release()


def test_the_last_four_layers_and_the_head_train(name, built):
    training = [layer.name for layer in built.whole.layers if layer.trainable]
    assert [layer.rsplit("_", 1)[0] if layer[-1].isdigit() and name in ("openface", "vggface") else layer for layer in training] == [*LAST_FOUR[name], "head"]  # fmt: skip


def test_the_features_are_the_tensors_at_the_split_point(name, built):
    assert [tensor.shape[1:] for tensor in built.frozen.outputs] == SPLIT_TENSORS[name]


def test_the_tail_on_features_gives_what_the_whole_network_gives(built):
    pixels, _ = some_images(4)
    whole, tail = built.whole(pixels), built.tail(built.frozen(pixels))
    np.testing.assert_allclose(whole, tail, rtol=1e-4)
    np.testing.assert_allclose(np.sum(whole, axis=1), 1, rtol=1e-5)


def test_all_layers_train_when_told_so():
    built = build("openface", "all")
    assert built.frozen.outputs[0].shape[1:] == (48, 48)
    assert built.frozen.outputs[0].dtype == tf.uint8
    assert len(built.tail.trainable_weights) == len(built.whole.trainable_weights) > 100
    pixels, _ = some_images(2)
    np.testing.assert_array_equal(built.frozen(pixels), pixels)
    np.testing.assert_allclose(built.tail(pixels), built.whole(pixels), rtol=1e-5)


@pytest.mark.parametrize("backbone", OTHERS)
def test_every_weight_learns_when_all_layers_train(backbone):
    tail = build(backbone, "all").tail
    drops = [layer for layer in tail.layers if isinstance(layer, keras.layers.Dropout)]
    # EfficientNet drops whole branches.
    assert {layer.noise_shape for layer in drops} <= {(None, 1, 1, 1)}
    split_model.restart_dropout(tail, 1)
    pixels, _ = some_images(4)
    with tf.GradientTape() as tape:
        probabilities = tail(pixels, training=True)
        loss = keras.losses.sparse_categorical_crossentropy([0, 1, 2, 3], probabilities)
    slopes = tape.gradient(loss, tail.trainable_weights)
    assert all(np.isfinite(slope).all() and np.any(slope) for slope in slopes)


@pytest.mark.parametrize(
    ("backbone", "width"), [("mobilenet", 1024), ("openface", 128)]
)
def test_where_the_head_alone_trains_the_features_are_what_it_sees(backbone, width):
    built = build(backbone, 0)
    pixels, _ = some_images(3)
    (features,) = tf.nest.flatten(built.frozen(pixels))
    assert features.shape == (3, width)
    seen = built.backbone(pixels)
    pooled = seen if seen.shape.rank == 2 else tf.reduce_mean(seen, axis=[1, 2])
    np.testing.assert_allclose(features, pooled, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(built.tail(features), built.whole(pixels), rtol=1e-5)
    training = [layer.name for layer in built.whole.layers if layer.trainable]
    assert training == ["head"]
    assert [layer.name for layer in built.tail.layers[1:]] == ["head"]


def test_dropout_before_the_head_is_in_training_alone_and_by_its_seed(monkeypatch):
    tiny.install(monkeypatch)
    dropping, plain = build("tiny", 0, dropout=0.5), build("tiny", 0)
    pixels, _ = some_images(3)
    features = dropping.frozen(pixels)
    expected = plain.tail(features, training=True)
    np.testing.assert_array_equal(dropping.tail(features), expected)
    dropped = []
    for seed in (1, 1, 2):
        split_model.restart_dropout(dropping.tail, seed)
        dropped.append(dropping.tail(features, training=True).numpy())
    np.testing.assert_array_equal(dropped[0], dropped[1])
    assert not np.allclose(dropped[0], dropped[2])
    assert not np.allclose(dropped[0], expected)


def test_openface_takes_deepface_s_roots_and_learns_where_a_window_is_empty():
    layer = building.build("openface", None).get_layer("sqrt_4a")
    squares = tf.constant([[1e-30, 0.3, 2, 1e30, 0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(squares)
        roots, expected = layer(squares), keras.backend.sqrt(squares)
    np.testing.assert_array_equal(roots, expected)
    slopes, expected = (tape.gradient(y, squares)[0] for y in (roots, expected))
    np.testing.assert_array_equal(slopes[:-1], expected[:-1])
    assert (slopes[-1], expected[-1]) == (0, np.inf)


def test_a_network_for_smaller_images_has_the_weights_of_the_published_size(tmp_path):
    backbone = building.build("mobilenet", None)
    backbone.save_weights(tmp_path / "weights.h5")
    network = network_of("mobilenet", "all", tmp_path / "weights.h5", size=96)
    assert network.backbone.output_shape == (None, 3, 3, 1024)
    pixels, _ = some_images(2)
    inputs = split_model.preprocess(
        tf.constant(pixels), building.spec_of("mobilenet"), 96
    )
    expected = MobileNet(include_top=False, input_shape=(96, 96, 3), weights=None)
    expected.set_weights(backbone.get_weights())
    np.testing.assert_allclose(network.backbone(pixels), expected(inputs), atol=1e-5)


@pytest.mark.parametrize(
    ("backbone", "size", "allowed"),
    [("openface", 48, "96 alone"), ("mobilenet", 24, "at least 32"), ("resnet29", 102, "at least 103")],
)  # fmt: skip
def test_a_size_that_a_backbone_cannot_take_is_an_error(backbone, size, allowed):
    message = f"must be {allowed} for {backbone}. Got {size}"
    with pytest.raises(InputError, match=message):
        network_of(backbone, "all", size=size)


@pytest.fixture(scope="module")
def two_headed():
    """A network whose every layer trains, with a head for votes and dropout."""
    return network_of("mobilenet", "all", size=64, num_votes=8, dropout=0.4)


def test_two_heads_share_the_network_and_differ(two_headed):
    pixels, _ = some_images(3)
    by_label, by_votes = two_headed.whole(pixels)
    assert (by_label.shape, by_votes.shape) == ((3, 7), (3, 8))
    for one, other in zip(two_headed.tail(pixels), (by_label, by_votes), strict=True):
        np.testing.assert_array_equal(one, other)


def test_dropout_drops_whole_channels_where_every_layer_trains(two_headed):
    drop = two_headed.whole.get_layer("head_dropout")
    maps = drop(tf.ones((5, 2, 2, 1024)), training=True).numpy()
    assert (maps == maps[:, :1, :1]).all()
    assert 0.35 < (maps == 0).mean() < 0.45


def test_more_layers_than_there_are_is_an_error():
    with pytest.raises(InputError, match="trains 4000 layers of openface, which has"):
        network_of("openface", 4000)


@pytest.mark.parametrize("wrong", ["another's", "no layer", "text"])
def test_a_weights_file_that_is_damaged_or_another_backbone_s_is_an_error(
    tmp_path, monkeypatch, wrong
):
    tiny.install(monkeypatch)
    path = tmp_path / "weights.h5"
    build("tiny").backbone.save_weights(path)
    if wrong == "text":
        path.write_text("weights")
    with contextlib.suppress(OSError), h5py.File(path, "r+") as file:
        if wrong == "no layer":
            del file["first"]
    backbone = "mobilenet" if wrong == "another's" else "tiny"
    with pytest.raises(InputError, match=r"weights\.h5 does not hold the weights"):
        network_of(backbone, 4, path)


# What the libraries themselves do to three equal channels, in the order they expect.
REFERENCES = {
    "mobilenet": lambda rgb: mobilenet.preprocess_input(rgb.copy()),
    "resnet50": lambda rgb: resnet.preprocess_input(rgb.copy()),
    "openface": lambda rgb: rgb / 255,
    "vggface": lambda rgb: preprocessing.normalize_input(rgb / 255, "VGGFace"),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_an_image_becomes_what_the_library_would_make_of_it_inside_tf_data_too(name):
    pixels, _ = some_images(3)
    spec = building.spec_of(name)
    resized = [cv2.resize(one.astype(np.float32), (spec.size,) * 2) for one in pixels]
    expected = REFERENCES[name](np.repeat(np.stack(resized)[..., None], 3, axis=-1))
    eager = split_model.preprocess(tf.constant(pixels), spec)
    np.testing.assert_allclose(eager, expected, atol=1e-3)
    dataset = tf.data.Dataset.from_tensors(pixels)
    mapped = dataset.map(lambda batch: split_model.preprocess(batch, spec))
    np.testing.assert_allclose(next(iter(mapped)), eager, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("scaling", "factor"), [("unit", 1 / 255), ("bytes", 1)])
def test_a_variant_may_give_its_backbone_grey_levels_in_another_range(scaling, factor):
    variant = Variant(
        backbone="mobilenet", size=48, scaling=scaling, batch_statistics=True
    )
    network = split_model.build(variant)
    assert network.tail.input_shape == (None, 48, 48)  # by batch statistics
    pixels, _ = some_images(2)
    layers = {type(layer): layer for layer in network.whole.layers}
    scaled = layers[keras.layers.Rescaling].output
    seen = keras.Model(network.whole.input, scaled)(pixels)
    np.testing.assert_allclose(seen, pixels[..., None] * np.ones(3) * factor)


def test_frozen_batch_normalisation_may_take_each_batch_s_own_statistics():
    keras.utils.set_random_seed(1)
    variant = Variant(backbone="mobilenet", size=48, batch_statistics=True)
    network = split_model.build(variant)
    keras.utils.set_random_seed(1)
    usual = network_of("mobilenet", 4, size=48)
    learned = {weight.name for weight in usual.tail.trainable_weights}
    assert {weight.name for weight in network.tail.trainable_weights} == learned
    pixels = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    expected = usual.whole(pixels, training=False)
    np.testing.assert_array_equal(network.whole(pixels, training=False), expected)
    assert np.abs(network.tail(pixels, training=True) - expected).max() > 0.01
    before = [weight.numpy() for weight in network.tail.weights]
    network.tail.compile("sgd", "sparse_categorical_crossentropy")
    network.tail.train_on_batch(pixels, np.arange(8) % 7)
    moved = {
        weight.name
        for weight, old in zip(network.tail.weights, before, strict=True)
        if not np.array_equal(weight, old)
    }
    statistics = {one.name for one in network.tail.weights if "/moving_" in one.name}
    assert moved == learned | statistics
