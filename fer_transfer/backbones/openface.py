"""OpenFace nn4.small2.v1, as deepface builds it (Amos et al. 2016)."""

from collections.abc import Callable
from pathlib import Path

from deepface.models.facial_recognition.tf import OpenFace

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.networks.building import deepface_reads
from fer_transfer.networks.spec import DEEPFACE_STORE, Spec

SPEC = Spec(
    size=96,
    min_size=None,  # its last layers fit this size alone
    scale=1 / 255,
    offset=(0, 0, 0),
    weights_url=f"{DEEPFACE_STORE}/openface_weights.h5",
    weights_hash="sha256:5b41897ec6dd762cee20575eee54ed4d719a78cb982b2080a87dc14887d88a7a",
    bfloat16_is_faster=False,  # it would take twice float32's time (docs/performance.md)
)


def build(weights: Path | None) -> keras.Model:
    """Build the network; `weights` is deepface's file, or None for initial values."""
    with deepface_reads(weights):
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
