"""The layers of our own that serve every backbone."""

from typing import Any

import params_flow as pf

from fer_transfer.networks.runtime import keras, tf


class Head(pf.Layer):
    """Softmax over the classes, on a feature map's average or on a descriptor (C2).

    Takes (N, height, width, channels) or (N, channels), gives (N, num_classes).
    """

    class Params(pf.Layer.Params):
        num_classes = 7
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
