"""MobileNet 1.0, trained on ImageNet (Howard et al. 2017, arXiv:1704.04861)."""

from pathlib import Path

from tf_keras.applications import MobileNet

from fer_transfer.networks.runtime import keras
from fer_transfer.networks.spec import KERAS_STORE, Spec

SPEC = Spec(
    size=224,
    scale=1 / 127.5,
    offset=(-1, -1, -1),
    weights_url=f"{KERAS_STORE}/mobilenet/mobilenet_1_0_224_tf_no_top.h5",
    weights_hash="md5:725ccbd03d61d7ced5b5c4cd17e7d527",
)


def build(weights: Path | None, size: int = SPEC.size) -> keras.Model:
    """Build the network for images of `size` pixels; without a file, with initial values."""
    return MobileNet(include_top=False, input_shape=(size, size, 3), weights=weights)
