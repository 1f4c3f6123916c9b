import math

import numpy as np
import pytest
import tf_keras as keras
from scipy import ndimage

from fer_transfer.networks.runtime import tf
from fer_transfer.training import augment
from fer_transfer.training.augment import Augmentation

NEUTRAL = {"angle": 0.5, "scale": 3 / 7, "right": 0.5, "down": 0.5, "mirrored": 0.9}
NEUTRAL |= {"contrast": 0.5, "brightness": 0.5, "erased": 0.9}
NAMES = [*NEUTRAL, "height", "width", "top", "left", "grey"]


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    random = np.random.default_rng(4)
    return random.uniform(50, 200, (6, 48, 48, 1)).astype(np.float32)


def draw(number: int = 6, **changes: float) -> np.ndarray:
    """Draws of views that show the image as it is, but for some of the numbers."""
    draws = np.full((number, augment.NUM_DRAWS), 0.5, np.float32)
    for name, value in (NEUTRAL | changes).items():
        draws[:, NAMES.index(name)] = value
    return draws


def view(images: np.ndarray, draws: np.ndarray, size: int = 96) -> np.ndarray:
    return augment.augment(tf.constant(images), tf.constant(draws), size).numpy()


def matrix(draws: np.ndarray, size: int) -> np.ndarray:
    """The map from a view's (x, y) to the image's, one simple step after another."""
    angle = math.radians(15) * (2 * draws[0] - 1)
    scale = 0.85 + 0.35 * draws[1]
    right, down = 8 * draws[2] - 4, 8 * draws[3] - 4
    sign = -1 if draws[4] < 0.5 else 1

    def move(x: float, y: float) -> np.ndarray:
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])

    turn = [
        [math.cos(angle), -math.sin(angle), 0],
        [math.sin(angle), math.cos(angle), 0],
    ]
    steps = [
        move(0.5, 0.5),  # from numbers of pixels to places
        np.diag([48 / size, 48 / size, 1]),
        move(-24, -24),
        np.diag([sign, 1, 1]),
        np.diag([1 / scale, 1 / scale, 1]),
        np.array([*turn, [0, 0, 1]]),
        move(24 + right, 24 + down),
        move(-0.5, -0.5),
    ]
    total = np.eye(3)
    for step in steps:
        total = step @ total
    return total


@pytest.mark.parametrize("size", [96, 48, 224])
def test_a_view_is_one_interpolation_at_places_turned_scaled_and_shifted(images, size):
    draws = np.random.default_rng(1).random((6, 5)).astype(np.float32)
    views = augment.resample(images, augment.transforms(draws, size), size).numpy()
    y, x = np.mgrid[:size, :size]
    places = np.stack([x.ravel(), y.ravel(), np.ones(size * size)])
    for image, one, ours in zip(images, draws, views, strict=True):
        x_of_image, y_of_image, _ = matrix(one, size) @ places
        expected = ndimage.map_coordinates(
            image[..., 0], [y_of_image, x_of_image], order=1, mode="nearest"
        )
        np.testing.assert_allclose(ours[..., 0].ravel(), expected, atol=0.02)


def test_a_neutral_view_is_what_keras_resizes(images):
    expected = keras.layers.Resizing(96, 96)(images)
    np.testing.assert_allclose(view(images, draw()), expected, atol=0.01)


@pytest.mark.parametrize(("contrast", "factor"), [(0.0, 0.7), (1.0, 1.3)])
def test_contrast_moves_grey_levels_away_from_their_mean(images, contrast, factor):
    plain = view(images, draw())
    changed = view(images, draw(contrast=contrast))
    mean = plain.mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(changed - mean, factor * (plain - mean), atol=0.01)


def test_brightness_adds_up_to_thirty_grey_levels_and_stays_within_bytes(images):
    brighter = view(images, draw(brightness=1.0))
    np.testing.assert_allclose(brighter, view(images, draw()) + 30, atol=0.01)
    assert view(images + 50, draw(brightness=1.0)).max() == 255


def test_half_of_the_views_have_a_rectangle_of_one_grey_within_them():
    images = np.full((400, 48, 48, 1), 300, np.float32)  # no grey of a rectangle
    draws = np.random.default_rng(2).random((400, 6)).astype(np.float32)
    columns = [tf.constant(column[:, None, None, None]) for column in draws.T]
    erased = augment.erase(tf.image.resize(images, (96, 96)), columns).numpy()[..., 0]
    covered = erased < 300
    has_one = covered.any(axis=(1, 2))
    assert has_one.tolist() == (draws[:, 0] < 0.5).tolist()
    for one, where, grey in zip(
        erased[has_one], covered[has_one], draws[has_one, 5], strict=True
    ):
        rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
        assert where.sum() == len(rows) * len(columns)
        for side in (rows, columns):
            assert 9 <= len(side) <= 49
            assert side[-1] - side[0] + 1 == len(side)
        np.testing.assert_allclose(one[where], 255 * grey, rtol=1e-6)


def make_model(size: int = 64) -> keras.Model:
    image = keras.Input((48, 48, 1), dtype="uint8")
    return keras.Model(image, Augmentation(size)(image))


def test_outside_training_the_layer_resizes_and_it_has_no_weights(images):
    model, pixels = make_model(), images.astype(np.uint8)
    assert model.weights == []
    expected = keras.layers.Resizing(64, 64)(pixels)
    np.testing.assert_array_equal(model(pixels, training=False), expected)


def test_views_depend_on_the_seed_and_the_batch_alone(images):
    first, second = make_model(), make_model()
    augment.restart(first, 7)
    augment.restart(second, 7)
    batches = [first(images, training=True).numpy() for _ in range(3)]
    for batch in batches:
        np.testing.assert_array_equal(second(images, training=True), batch)
    assert not np.array_equal(batches[0], batches[1])
    augment.restart(second, 8)
    assert not np.array_equal(second(images, training=True), batches[0])
    augment.restart(second, 7)
    np.testing.assert_array_equal(second(images, training=True), batches[0])
