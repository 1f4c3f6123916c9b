"""What a GPU changes, as far as a processor can show it: the mixed policy and the second lock."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from fer_transfer.networks import inference
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model
from tests.networks import network_of, some_images


@pytest.fixture
def mixed_policy():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize(("backbone", "layers"), [("openface", 4), ("mobilenet", 0)])
def test_under_the_mixed_policy_features_weights_and_probabilities_stay_float32(
    mixed_policy, backbone, layers
):
    network = network_of(backbone, layers)
    pixels, labels = some_images(8)
    features = inference.tensorflow_pass(network.frozen)(pixels)
    assert {array.dtype for array in features} == {np.dtype("float32")}
    compile_model(network.tail, Recipe(20, 32, 1e-4))
    loop = Loop(network.tail)
    batch = tuple(map(tf.constant, features)), tf.constant(labels)
    assert np.isfinite(loop.train([batch])["loss"])
    assert loop.predict([batch]).dtype == np.float32
    assert {weight.dtype for weight in network.whole.weights} == {tf.float32}


def pins(name: str) -> dict[str, str]:
    lock = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
    return dict(
        re.findall(r"^([a-z0-9._-]+)(?:\[[a-z0-9,._-]+\])?==([^ ;\\]+)", lock, re.M)
    )


def test_the_lock_for_gpus_adds_packages_and_changes_no_version():
    plain, gpu = pins("requirements.lock"), pins("requirements-gpu.lock")
    assert {name: gpu.get(name) for name in plain} == plain
    added = set(gpu) - set(plain)
    assert added
    assert all(name.startswith("nvidia-") for name in added)
