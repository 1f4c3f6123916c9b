"""The layers of our own: the head on every backbone, and what some backbones need."""

from typing import Any

import params_flow as pf

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.data.fer2013 import EMOTIONS

IMAGENET_DEVIATION_RGB = (0.229, 0.224, 0.225)  # of values in [0, 1]


class Head(pf.Layer):
    """Softmax over the classes, on a feature map's average or on a descriptor (C2).

    Takes (N, height, width, channels) or (N, channels), gives (N, num_classes).
    """

    class Params(pf.Layer.Params):
        num_classes = len(EMOTIONS)
        seed = 42  # of the initial values

    def _construct(self, **kwargs: Any) -> None:
        super()._construct(**kwargs)
        self.dense = keras.layers.Dense(
            self.params.num_classes,
            kernel_initializer=keras.initializers.GlorotUniform(self.params.seed),
            name="dense",
        )

    def build(self, input_shape: tf.TensorShape) -> None:
        self.dense.build((None, input_shape[-1]))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        if inputs.shape.rank == 4:
            inputs = tf.reduce_mean(inputs, axis=[1, 2])
        # In float32 under Keras's mixed policy too; elsewhere it already is.
        return keras.activations.softmax(tf.cast(self.dense(inputs), tf.float32))

    def compute_output_shape(self, input_shape: tf.TensorShape) -> tf.TensorShape:
        return tf.TensorShape([input_shape[0], self.params.num_classes])


class ScaleAndShift(keras.layers.Layer):
    """`inputs * scale + shift`, one of each per channel: batch normalisation, folded.

    Takes and gives (..., channels). At first it multiplies by `initial_scale`.
    """

    def __init__(self, initial_scale: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initial_scale = initial_scale

    def build(self, input_shape: tf.TensorShape) -> None:
        initial = keras.initializers.Constant(self.initial_scale)
        self.scale = self.add_weight("scale", input_shape[-1:], initializer=initial)
        self.shift = self.add_weight("shift", input_shape[-1:], initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * self.scale + self.shift


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


class ProductConvolution(keras.layers.Conv2D):
    """A convolution that is one matrix product: of 1x1, or as large as its whole input.

    The weights and the result are Conv2D's. MobileNet's and ResNet-50's last convolutions
    are of the first kind, VGG-Face's 7x7 over a 7x7 map of the second (docs/performance.md
    has the time that it saves).
    """

    @classmethod
    def of(cls, convolution: keras.layers.Conv2D) -> "ProductConvolution":
        """Return the layer that has a built convolution's weights, the same variables."""
        layer: ProductConvolution = cls.from_config(convolution.get_config())
        # Built of its own it would draw values again: VGG-Face's largest layer has 411 MB.
        layer.kernel, layer.bias = convolution.kernel, convolution.bias
        # Inputs of `fit` come without a known height and width.
        layer.map_shape = convolution.output_shape[1:]
        layer.built = True
        return layer

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        kernel = tf.reshape(self.kernel, [-1, self.filters])
        outputs = tf.matmul(tf.reshape(inputs, [-1, kernel.shape[0]]), kernel)
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, self.bias)
        return self.activation(tf.reshape(outputs, [-1, *self.map_shape]))

    @staticmethod
    def fits(layer: keras.layers.Layer) -> bool:
        """Return whether a layer is such a convolution."""
        if type(layer) is not keras.layers.Conv2D or layer.strides != (1, 1):
            return False
        whole = layer.padding == "valid" and layer.kernel_size == layer.input_shape[1:3]
        return bool(layer.groups == 1 and (whole or layer.kernel_size == (1, 1)))
