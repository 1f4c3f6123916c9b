"""The four backbones: how each is built, what it expects of an image, where its weights are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deepface.commons import weight_utils
from deepface.models.facial_recognition.tf import OpenFace, VGGFace
from tf_keras.applications import MobileNet, ResNet50

from stages.lib.framework import keras, tf

# Grey makes the three channels equal, so BGR or RGB is a matter of the means' order.
IMAGENET_BGR = (-103.939, -116.779, -123.68)
VGGFACE_BGR = (-93.5940, -104.7624, -129.1863)

KERAS_STORE = "https://storage.googleapis.com/tensorflow/keras-applications"

# What h5py and Keras raise for a weights file that is damaged or holds something else.
UNFIT = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)


@dataclass(frozen=True)
class Backbone:
    """One network without its classifier.

    An image with grey levels in [0, 255] becomes three equal channels of
    `grey * scale + offset`, one offset a channel.
    """

    build: Callable[[Path | None], keras.Model]  # None: initial random values
    size: int  # pixels, height and width of the input
    scale: float
    offset: tuple[float, float, float]
    weights_url: str
    weights_hash: str
    gains_by_bfloat16: bool = True  # its frozen part, by OpenVINO


@contextmanager
def _deepface_reads(weights: Path | None) -> Iterator[None]:
    """Let deepface, which downloads weights as it builds, take ours, or none, instead."""
    kept = weight_utils.download_weights_if_necessary, weight_utils.load_model_weights
    weight_utils.download_weights_if_necessary = lambda *_, **__: str(weights)
    if weights is None:
        weight_utils.load_model_weights = lambda model, weight_file: model
    try:
        yield
    finally:
        weight_utils.download_weights_if_necessary, weight_utils.load_model_weights = (
            kept
        )


def _mobilenet(weights: Path | None) -> keras.Model:
    return MobileNet(include_top=False, input_shape=(224, 224, 3), weights=weights)


def _resnet50(weights: Path | None) -> keras.Model:
    return ResNet50(include_top=False, input_shape=(224, 224, 3), weights=weights)


def _openface(weights: Path | None) -> keras.Model:
    with _deepface_reads(weights):
        model = OpenFace.load_model()
    for layer in model.layers:
        if layer.name.startswith("sqrt_"):
            layer.function = _root
    return model


def _root(squares: tf.Tensor) -> tf.Tensor:
    """Take square roots whose gradient at 0 is 0, where the root's own is infinite.

    OpenFace pools by the root of the mean square of a window. One window of zeros and every
    weight would be "not a number" after the next step.
    """
    positive = squares > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, 1)), 0)


def _vggface(weights: Path | None) -> keras.Model:
    with _deepface_reads(weights):
        return VGGFace.load_model()


BACKBONES = {
    "mobilenet": Backbone(
        build=_mobilenet,
        size=224,
        scale=1 / 127.5,
        offset=(-1, -1, -1),
        weights_url=f"{KERAS_STORE}/mobilenet/mobilenet_1_0_224_tf_no_top.h5",
        weights_hash="md5:725ccbd03d61d7ced5b5c4cd17e7d527",
    ),
    "openface": Backbone(
        build=_openface,
        size=96,
        scale=1 / 255,
        offset=(0, 0, 0),
        weights_url=OpenFace.WEIGHTS_URL[0],
        weights_hash="sha256:5b41897ec6dd762cee20575eee54ed4d719a78cb982b2080a87dc14887d88a7a",
        gains_by_bfloat16=False,  # it would take twice float32's time (docs/performance.md)
    ),
    "resnet50": Backbone(
        build=_resnet50,
        size=224,
        scale=1,
        offset=IMAGENET_BGR,
        weights_url=f"{KERAS_STORE}/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="md5:4d473c1dd8becc155b73f8504c6f6626",
    ),
    "vggface": Backbone(
        build=_vggface,
        size=224,
        scale=1,
        offset=VGGFACE_BGR,
        weights_url=VGGFace.WEIGHTS_URL[0],
        weights_hash="sha256:759266b9614d0fd5d65b97bf716818b746cc77ab5944c7bffc937c6ba9455d8c",
    ),
}
