"""Augmentation: each time an image is trained on, it is another view of the same face.

Rotation, scale, shift, mirroring and the step from 48 pixels to the backbone's input are one
projective resampling, so that nothing is blurred twice; then contrast, brightness and, in
half of the images, a rectangle of one random grey.
"""

import math
from typing import Any

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.data.faces import IMAGE_SIZE

MAX_ANGLE = math.radians(15)
SCALES = 0.85, 1.2
MAX_SHIFT = 4  # of the image's 48 pixels, either way
CONTRASTS = 0.7, 1.3
MAX_BRIGHTNESS = 30  # grey levels, either way
ERASED_SHARE = 0.5  # of the images
ERASED_SIDES = 0.1, 0.5  # of the image's side

GEOMETRY_DRAWS = 5  # numbers that an image's geometry needs
NUM_DRAWS = 13  # that its whole view needs


class Augmentation(keras.layers.Layer):
    """Resize grey images (N, 48, 48, 1) to (N, size, size, 1); in training, to random views.

    Stands where the network has `Resizing`, whose result it gives outside training. It has no
    weights: what it draws depends on `restart` and on the number of batches since then.
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.resizing = keras.layers.Resizing(size, size, "bilinear")
        self.size = size
        self.generator = tf.random.Generator.from_seed(0)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if not training:
            return self.resizing(inputs)
        draws = self.generator.uniform((tf.shape(inputs)[0], NUM_DRAWS))
        return augment(tf.cast(inputs, tf.float32), draws, self.size)

    def compute_output_shape(self, input_shape: tf.TensorShape) -> tf.TensorShape:
        return tf.TensorShape([input_shape[0], self.size, self.size, 1])


def restart(model: keras.Model, seed: int) -> None:
    """Make the views from here on depend on `seed` alone."""
    for layer in model.layers:
        if isinstance(layer, Augmentation):
            layer.generator.reset_from_seed(seed)


def augment(images: tf.Tensor, draws: tf.Tensor, size: int) -> tf.Tensor:
    """Return a view of each image, (N, size, size, 1) float32 in [0, 255].

    Args:
        images: (N, 48, 48, 1) float32, grey levels in [0, 255].
        draws: (N, NUM_DRAWS) float32, uniform in [0, 1).
        size: Pixels of a view, both ways.
    """
    views = resample(images, transforms(draws[:, :GEOMETRY_DRAWS], size), size)
    contrast, brightness, *rectangle = tf.unstack(
        draws[:, GEOMETRY_DRAWS:, None, None, None], axis=1
    )
    mean = tf.reduce_mean(views, axis=(1, 2, 3), keepdims=True)
    views = (views - mean) * _between(contrast, *CONTRASTS) + mean
    views += _between(brightness, -MAX_BRIGHTNESS, MAX_BRIGHTNESS)
    return erase(tf.clip_by_value(views, 0, 255), rectangle)


def transforms(draws: tf.Tensor, size: int) -> tf.Tensor:
    """Return which point of a 48-pixel image each pixel of a view shows.

    About the centre: a step in the view is a step of 48 / size pixels in the image, divided
    by the scale, turned by the angle, mirrored in half of the images, and shifted.

    Args:
        draws: (N, GEOMETRY_DRAWS) float32, uniform in [0, 1).
        size: Pixels of a view, both ways.

    Returns:
        (N, 8) float32, rows of ImageProjectiveTransformV3: x of the image is
        a0 * x + a1 * y + a2, and y is a3 * x + a4 * y + a5, between centres of pixels.
    """
    angle, scale, right, down, mirrored = tf.unstack(draws, axis=1)
    angle = _between(angle, -MAX_ANGLE, MAX_ANGLE)
    step = IMAGE_SIZE / size / _between(scale, *SCALES)
    along, across = step * tf.cos(angle), step * tf.sin(angle)
    sign = tf.where(mirrored < 0.5, -1.0, 1.0)
    middle = (size - 1) / 2
    x_shift = (IMAGE_SIZE - 1) / 2 + _between(right, -MAX_SHIFT, MAX_SHIFT)
    y_shift = (IMAGE_SIZE - 1) / 2 + _between(down, -MAX_SHIFT, MAX_SHIFT)
    x_of_x, x_of_y = sign * along, -across
    y_of_x, y_of_y = sign * across, along
    x_at_0 = x_shift - middle * (x_of_x + x_of_y)
    y_at_0 = y_shift - middle * (y_of_x + y_of_y)
    zeros = tf.zeros_like(angle)
    rows = [x_of_x, x_of_y, x_at_0, y_of_x, y_of_y, y_at_0, zeros, zeros]
    return tf.stack(rows, axis=1)


def resample(images: tf.Tensor, transforms: tf.Tensor, size: int) -> tf.Tensor:
    """Interpolate images (N, 48, 48, 1) at the points of views, (N, size, size, 1).

    Outside an image its edge goes on.
    """
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=[size, size],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def erase(views: tf.Tensor, draws: list[tf.Tensor]) -> tf.Tensor:
    """Put a rectangle of one grey over half of the views, all within its view.

    Args:
        views: (N, size, size, 1) float32.
        draws: Six tensors (N, 1, 1, 1) float32, uniform in [0, 1).
    """
    happens, height, width, top, left, grey = draws
    size = views.shape[1]
    places = tf.range(size, dtype=tf.float32) + 0.5
    rows, columns = places[None, :, None, None], places[None, None, :, None]
    inside = _covered(rows, height, top, size) & _covered(columns, width, left, size)
    return tf.where(inside & (happens < ERASED_SHARE), grey * 255, views)


def _covered(
    places: tf.Tensor, side: tf.Tensor, start: tf.Tensor, size: int
) -> tf.Tensor:
    """Return which of the places a rectangle's side covers, wherever it may start."""
    length = _between(side, *ERASED_SIDES) * size
    start = start * (size - length)
    return (places >= start) & (places < start + length)


def _between(draws: tf.Tensor, low: float, high: float) -> tf.Tensor:
    """Bring numbers that are uniform in [0, 1) between two bounds."""
    return low + draws * (high - low)
