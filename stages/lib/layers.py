"""The layers of our own: the head on every backbone, and a convolution that sees its whole input."""

from typing import Any

import params_flow as pf
import tensorflow as tf
import tf_keras as keras


class Head(pf.Layer):
    """Softmax over the emotions, on a feature map's average or on a descriptor (C2).

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
        return keras.activations.softmax(self.dense(inputs))

    def compute_output_shape(self, input_shape: tf.TensorShape) -> tf.TensorShape:
        return tf.TensorShape([input_shape[0], self.params.num_classes])


class WholeConvolution(keras.layers.Conv2D):
    """A convolution whose kernel covers its whole input: one matrix product.

    The weights and the result are Conv2D's; VGG-Face's 7x7 convolution over a 7x7 map
    takes less than half the time this way (benchmarks/).
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        rows = tf.reshape(inputs, [-1, self.kernel.shape[:3].num_elements()])
        kernel = tf.reshape(self.kernel, [-1, self.filters])
        outputs = self.activation(tf.matmul(rows, kernel) + self.bias)
        return tf.reshape(outputs, [-1, 1, 1, self.filters])

    @staticmethod
    def fits(layer: keras.layers.Layer) -> bool:
        """Return whether a layer is a convolution over an input of its kernel's size."""
        return (
            type(layer) is keras.layers.Conv2D
            and layer.use_bias
            and layer.padding == "valid"
            and tuple(layer.input_shape[1:3]) == layer.kernel_size
        )
