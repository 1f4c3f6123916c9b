import logging
from pathlib import Path

import numpy as np
import pytest

from stages import features, weights
from stages.lib import files, signal
from stages.lib.batches import open_features
from stages.lib.console import InputError
from tests.networks import build, some_images

PROJECT = Path(__file__).parents[1]


def measure(*batches: np.ndarray) -> signal.Measurement:
    measured = signal.Measurement()
    for batch in batches:
        measured.add(batch)
    return measured


def test_a_measurement_in_batches_is_that_of_the_whole():
    values = np.random.default_rng(0).normal(3, 2, (50, 4, 5)).astype(np.float32)
    got = measure(values[:20], values[20:]).as_dict()
    assert got["shape"] == [4, 5]
    assert got["min"] == values.min()
    assert got["max"] == values.max()
    assert got["mean"] == pytest.approx(values.mean(), rel=1e-5)
    assert got["spread"] == pytest.approx(values.std(axis=0).mean(), rel=1e-5)
    assert got["zeros"] == 0


def test_zeros_and_what_underflows_are_counted():
    values = np.array([[0, 1e-40, 1e-38, 1]], np.float32)
    got = measure(values).as_dict()
    assert got["zeros"] == 0.25
    assert got["subnormal"] == 0.5


def test_features_that_differ_carry_a_signal():
    assert signal.summarize("v", [measure(np.eye(3, dtype=np.float32))])[
        "carries_signal"
    ]


@pytest.mark.parametrize("scale", [0, 1e-19, 1e-8])
def test_features_that_vanish_are_named(scale, caplog):
    values = np.eye(3, dtype=np.float32) * np.float32(scale)
    with caplog.at_level(logging.WARNING):
        summary = signal.summarize("mobilenet-random", [measure(values)])
    assert not summary["carries_signal"]
    assert "mobilenet-random's features differ by less than" in caplog.text


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_features_that_overflow_stop_the_run(value):
    with np.errstate(invalid="ignore"):
        measured = measure(np.array([[1, value]], np.float32))
    with pytest.raises(
        InputError, match="1 of v's features are infinite or not a number"
    ):
        signal.summarize("v", [measured])


@pytest.mark.parametrize("batch_size", [2, 5, 64])
def test_what_is_stored_is_what_the_frozen_part_gives(tmp_path, batch_size):
    network = build("resnet50")
    pixels, _ = some_images(5)
    batches = features.frozen_pass(network.frozen, pixels, batch_size)
    features.write(tmp_path / "resnet50", batches, len(pixels))
    stored = open_features(tmp_path / "resnet50")
    for array, tensor in zip(stored, network.frozen(pixels), strict=True):
        np.testing.assert_allclose(array, tensor, rtol=1e-4, atol=1e-4)


def test_a_frozen_random_mobilenet_has_nothing_to_learn_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text((PROJECT / "params.yaml").read_text())
    pixels, labels = some_images(4)
    files.write_npz(Path("data/images.npz"), {"pixels": pixels, "labels": labels})
    weights.main("mobilenet-random")
    features.main("mobilenet-random")
    metrics = files.read_json(Path("metrics/features/mobilenet-random.json"))
    assert metrics["carries_signal"] is False
    assert metrics["parameters"]["backbone"] == 3_228_864
    tensor = metrics["tensors"][0]
    assert tensor["shape"] == [7, 7, 1024]
    # Tiny, and still there: half precision would have stored zeros.
    assert 1e-21 < tensor["max"] < 1e-17
    assert tensor["zeros"] < 0.5  # channels whose rectified inputs are all zero
    assert tensor["subnormal"] == 0
    assert [path.name for path in Path("data/features").iterdir()] == [
        "mobilenet-random"
    ]
