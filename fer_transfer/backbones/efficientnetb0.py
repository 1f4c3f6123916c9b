"""EfficientNet-B0, trained on ImageNet (Tan and Le 2019, arXiv:1905.11946)."""

from pathlib import Path

from tf_keras.applications import EfficientNetB0

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.networks.spec import KERAS_STORE, Spec

IMAGENET_DEVIATION_RGB = (0.229, 0.224, 0.225)  # of values in [0, 1]

SPEC = Spec(
    size=224,
    scale=1,  # the network itself rescales and normalises
    offset=(0, 0, 0),
    weights_url=f"{KERAS_STORE}/efficientnetb0_notop.h5",
    weights_hash="md5:50bc09e76180e00e4465e1a485ddc09d",
)


class ImageNetNormalization(keras.layers.Normalization):
    """Normalization that divides by the roots of ImageNet's standard deviations as well.

    The official weights of EfficientNet hold standard deviations where Normalization expects
    variances, so its root divides by too little. Keras makes up for it in an operation that it
    adds for these weights alone; here it is part of the network, whatever its weights.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        # Not self.mean and self.variance: they are copies, which `set_weights` leaves behind.
        deviation = tf.sqrt(self.adapt_variance * IMAGENET_DEVIATION_RGB)
        return (inputs - self.adapt_mean) / deviation


def build(weights: Path | None, size: int = SPEC.size) -> keras.Model:
    """Build the network, normalising its input as the official weights expect.

    Keras itself does so for `weights="imagenet"`, but not for the path of the same file.
    """
    model = EfficientNetB0(include_top=False, input_shape=(size, size, 3), weights=None)
    model = keras.models.clone_model(model, clone_function=_normalizing_as_keras)
    if weights is not None:
        model.load_weights(weights)
    return model


def _normalizing_as_keras(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Keep every layer but the one that normalises the input."""
    if isinstance(layer, keras.layers.Normalization):
        return ImageNetNormalization.from_config(layer.get_config())
    return layer
