import numpy as np
import tf_keras as keras

from fer_transfer.training.batches import Batches
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

FEATURES = [np.random.default_rng(1).random((30, 4, 4, 8), np.float32)]
LABELS = np.random.default_rng(2).integers(0, 7, 30).astype(np.uint8)


def make_tail() -> keras.Model:
    keras.utils.set_random_seed(5)
    tail = keras.Sequential(
        [
            keras.Input((4, 4, 8)),
            keras.layers.Conv2D(16, 1),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(7, activation="softmax"),
        ]
    )
    compile_model(tail, Recipe(20, 32, 1e-2))
    return tail


def batches(first: int, end: int) -> Batches:
    return Batches(FEATURES, LABELS, np.arange(first, end), 8)


def test_the_loop_trains_as_keras_fit_does():
    ours, fits = make_tail(), make_tail()
    loop = Loop(ours)
    for epoch in range(3):
        means = loop.train(batches(0, 21)), loop.evaluate(batches(21, 30))
        history = fits.fit(
            FEATURES[0][:21],
            LABELS[:21],
            batch_size=8,
            initial_epoch=epoch,
            epochs=epoch + 1,
            shuffle=False,
            verbose=0,
            validation_data=(FEATURES[0][21:], LABELS[21:]),
            validation_batch_size=8,
        ).history
        for name in ("loss", "accuracy"):
            assert np.isclose(means[0][name], history[name][0], rtol=1e-6)
            assert np.isclose(means[1][name], history[f"val_{name}"][0], rtol=1e-6)
    for mine, its in zip(ours.get_weights(), fits.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)
    expected = fits.predict(FEATURES[0], verbose=0)
    np.testing.assert_allclose(loop.predict(batches(0, 30)), expected, rtol=1e-4)


def test_evaluating_and_predicting_teaches_nothing():
    tail = make_tail()
    loop, before = Loop(tail), tail.get_weights()
    loop.evaluate(batches(0, 30))
    loop.predict(batches(0, 30))
    assert all(map(np.array_equal, before, tail.get_weights()))


def test_every_image_is_counted_once():
    counted = []
    Loop(make_tail()).train(batches(0, 21), counted.append)
    assert counted == [8, 8, 5]
