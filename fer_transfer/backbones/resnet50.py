"""ResNet-50, trained on ImageNet (He et al. 2016, arXiv:1512.03385)."""

from pathlib import Path

from tf_keras.applications import ResNet50

from fer_transfer.networks.runtime import keras
from fer_transfer.networks.spec import KERAS_STORE, Spec

SPEC = Spec(
    size=224,
    scale=1,
    # Means of blue, green and red; grey makes the three channels equal, so that BGR or RGB is a
    # matter of their order.
    offset=(-103.939, -116.779, -123.68),
    weights_url=f"{KERAS_STORE}/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    weights_hash="md5:4d473c1dd8becc155b73f8504c6f6626",
)


def build(weights: Path | None, size: int = SPEC.size) -> keras.Model:
    """Build the network for images of `size` pixels; without a file, with initial values."""
    return ResNet50(include_top=False, input_shape=(size, size, 3), weights=weights)
