import operator

import numpy as np
import pytest

from fer_transfer.networks.runtime import keras
from fer_transfer.networks.layers import Head, ProductConvolution


@pytest.mark.parametrize("shape", [(5, 4), (5, 2, 3, 4)])
def test_the_head_is_pooling_and_softmax(shape):
    inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    head = Head(num_classes=7, seed=1)
    outputs = head(inputs)
    kernel, bias = head.get_weights()
    pooled = inputs.mean(axis=(1, 2)) if len(shape) == 4 else inputs
    logits = pooled @ kernel + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)
    assert outputs.shape == head.compute_output_shape(shape)


def test_the_heads_initial_values_depend_on_its_seed_alone():
    heads = [Head(num_classes=7, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (head(np.eye(4, dtype=np.float32)) for head in heads)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("size", "kernel"), [(7, 7), (7, 1), (1, 1)])
def test_a_convolution_that_is_a_product_is_the_convolution(size, kernel, use_bias):
    convolution = keras.layers.Conv2D(
        6, kernel, activation="relu", use_bias=use_bias, bias_initializer="ones"
    )
    inputs = np.random.default_rng(0).normal(size=(3, size, size, 4)).astype(np.float32)
    expected = keras.Sequential([keras.Input(inputs.shape[1:]), convolution])(inputs)
    assert ProductConvolution.fits(convolution)
    product = ProductConvolution.of(convolution)
    np.testing.assert_allclose(product(inputs), expected, rtol=1e-4, atol=1e-5)
    assert len(product.weights) == len(convolution.weights)
    assert all(map(operator.is_, product.weights, convolution.weights))


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(6, 3),
        keras.layers.Conv2D(6, 7, padding="same"),
        keras.layers.Conv2D(6, 1, strides=2),
        keras.layers.Conv2D(6, 1, groups=2),
        keras.layers.DepthwiseConv2D(7),
    ],
    ids=["smaller", "padded", "strided", "grouped", "depthwise"],
)
def test_another_convolution_stays_what_it_is(layer):
    keras.Sequential([keras.Input((7, 7, 4)), layer])
    assert not ProductConvolution.fits(layer)
