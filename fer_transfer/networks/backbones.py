"""How each backbone of the catalog is built: by Keras, or by deepface."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from deepface.commons import weight_utils
from deepface.models.facial_recognition.tf import OpenFace, VGGFace
from tf_keras.applications import EfficientNetB0, MobileNet, ResNet50

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.networks import catalog
from fer_transfer.networks.layers import ImageNetNormalization

# What h5py and Keras raise for a weights file that is damaged or holds something else.
WEIGHT_LOADING_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
)


def build(name: str, weights: Path | None) -> keras.Model:
    """Build a backbone without its classifier.

    Args:
        name: Its name in the catalog.
        weights: Its published weights file, or None for initial values.
    """
    module, function = catalog.find(name).builder.split(":")
    builders = importlib.import_module(f"fer_transfer.networks.{module}")
    return getattr(builders, function)(weights)


def blank(name: str) -> keras.Model:
    """Build a backbone for weights that are loaded next: most of its values are zero.

    To draw them takes six times as long for VGG-Face, which has 145 million.
    """
    zeros = {"glorot_uniform": keras.initializers.Zeros}  # Keras's default
    with keras.utils.custom_object_scope(zeros):
        return build(name, None)


@contextmanager
def _deepface_reads(weights: Path | None) -> Iterator[None]:
    """Let deepface, which downloads weights as it builds, take ours, or none, instead."""
    replaced: dict[str, Any] = {
        "download_weights_if_necessary": lambda *_, **__: str(weights)
    }
    if weights is None:
        replaced["load_model_weights"] = lambda model, weight_file: model
    with mock.patch.multiple(weight_utils, **replaced):
        yield


def mobilenet(weights: Path | None) -> keras.Model:
    return MobileNet(include_top=False, input_shape=(224, 224, 3), weights=weights)


def resnet50(weights: Path | None) -> keras.Model:
    return ResNet50(include_top=False, input_shape=(224, 224, 3), weights=weights)


def efficientnetb0(weights: Path | None) -> keras.Model:
    """Build EfficientNet-B0, normalising its input as the official weights expect.

    Keras itself does so for `weights="imagenet"`, but not for the path of the same file.
    """
    model = EfficientNetB0(include_top=False, input_shape=(224, 224, 3), weights=None)
    model = keras.models.clone_model(model, clone_function=_normalizing_as_keras)
    if weights is not None:
        model.load_weights(weights)
    return model


def _normalizing_as_keras(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Keep every layer of EfficientNet but the one that normalises its input."""
    if isinstance(layer, keras.layers.Normalization):
        return ImageNetNormalization.from_config(layer.get_config())
    return layer


def openface(weights: Path | None) -> keras.Model:
    with _deepface_reads(weights):
        model = OpenFace.load_model()
    for layer in model.layers:
        if layer.name.startswith("sqrt_"):
            layer.function = _root
        elif layer.name.startswith("lrn_"):
            layer.function = _in_float32(layer.function)
    return model


def _in_float32(
    function: Callable[[tf.Tensor], tf.Tensor],
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Compute in float32 and give the type that came: TensorFlow has no LRN in bfloat16."""
    return lambda tensor: tf.cast(function(tf.cast(tensor, tf.float32)), tensor.dtype)


def _root(squares: tf.Tensor) -> tf.Tensor:
    """Take square roots whose gradient at 0 is 0, where the root's own is infinite.

    OpenFace pools by the root of the mean square of a window. One window of zeros and every
    weight would be "not a number" after the next step.
    """
    positive = squares > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, 1)), 0)


def vggface(weights: Path | None) -> keras.Model:
    with _deepface_reads(weights):
        return VGGFace.load_model()
