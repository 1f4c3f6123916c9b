from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import tf_keras as keras
from sources import write_files

from fer_transfer.networks.runtime import tf
from fer_transfer.console.errors import InputError
from fer_transfer.networks import runtime, split_model
from fer_transfer.settings.settings import Run, load_settings
from fer_transfer.training import fit
from fer_transfer.training.checkpoint import Checkpoint
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model
from stages import train
from tests.networks import BACKBONES, KilledError, build, killing, release, some_images

SETTINGS = Recipe(epochs=4, batch_size=4, learning_rate=1e-3)
SEED = 3


@pytest.fixture(scope="module")
def data():
    """Made-up features, of VGG-Face's shape."""
    random = np.random.default_rng(0)
    features = np.maximum(random.normal(size=(18, 7, 7, 512)), 0).astype(np.float32)
    return [features], random.integers(0, 7, 18).astype(np.uint8)


@pytest.fixture(scope="module")
def split():
    return {"train": np.arange(14), "val": np.arange(14, 18)}


def run(data, split, folder: Path, kill_after: int = 99) -> tuple[pd.DataFrame, list]:
    """Train VGG-Face's dropout, as a tail small enough for a test."""
    keras.utils.set_random_seed(5)
    tail = keras.Sequential(
        [
            keras.Input((7, 7, 512)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.5, rng_type="stateful"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(7, activation="softmax"),
        ]
    )
    compile_model(tail, SETTINGS)
    checkpoint = killing(Checkpoint(folder), kill_after)
    with mock.patch.object(fit, "CHECKPOINT_SECONDS", 0):  # one after every epoch
        history, _ = fit.train(Loop(tail), data, split, SETTINGS, SEED, checkpoint)
    return history, tail.get_weights()


@pytest.fixture(scope="module")
def whole(data, split, tmp_path_factory):
    """The history and the weights of a run that nothing disturbed, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    return *run(data, split, folder), folder


def test_the_history_has_a_row_per_epoch_from_one(whole):
    history = whole[0]
    assert list(history) == ["epoch", "accuracy", "val_accuracy", "loss", "val_loss"]
    assert history["epoch"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_killed_run_ends_as_one_that_was_not(data, split, whole, tmp_path, epoch):
    with pytest.raises(KilledError):
        run(data, split, tmp_path, kill_after=epoch)
    resumed, weights = run(data, split, tmp_path)
    pd.testing.assert_frame_equal(resumed, whole[0], check_exact=True)
    assert all(map(np.array_equal, weights, whole[1]))


@pytest.fixture
def _no_graph_stays():
    """A compiled graph that has trained VGG-Face leaves 1.4 GB in its process for good."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
    release()


def losses_of_two_steps(model: keras.Model, inputs: object, labels: np.ndarray):
    split_model.restart_dropout(model, 1)
    losses = []
    for step in range(2):
        rows = slice(3 * step, 3 * step + 3)
        batch = tf.nest.map_structure(lambda tensor, rows=rows: tensor[rows], inputs)
        loss = model.train_on_batch(batch, labels[rows])
        losses.append(loss[0] if isinstance(loss, list) else loss)
    return losses


def hashes(model: keras.Model) -> set[tuple[str, int]]:
    return {(weight.name, hash(weight.numpy().tobytes())) for weight in model.weights}


@pytest.mark.usefixtures("_no_graph_stays")
@pytest.mark.parametrize("backbone", BACKBONES)
def test_training_on_features_moves_what_trains_by_the_losses_of_the_frozen_whole(
    backbone,
):
    pixels, labels = some_images(6)
    network = build(backbone)
    before = hashes(network.whole)
    compile_model(network.tail, Recipe(20, 32, 1e-4))
    by_tail = losses_of_two_steps(network.tail, network.frozen(pixels), labels)
    # Batch normalisation's moving statistics move with the layers that train.
    training = [layer for layer in network.whole.layers if layer.trainable]
    moved = {name for name, _ in before ^ hashes(network.whole)}
    assert moved == {weight.name for layer in training for weight in layer.weights}
    del network, training
    release()  # one at a time: VGG-Face and its optimizer's state take 2 GB
    whole = build(backbone).whole
    # Keras's new Adam computes the same in more arrays of VGG-Face's 0.5 GB each.
    adams = keras.optimizers.legacy if backbone == "vggface" else keras.optimizers
    whole.compile(adams.Adam(1e-4), "sparse_categorical_crossentropy")
    by_whole = losses_of_two_steps(whole, pixels, labels)
    assert by_tail[0] != by_tail[1]
    np.testing.assert_allclose(by_tail, by_whole, rtol=2e-5)


def test_what_is_not_a_number_stops_the_run_and_names_the_epoch(data, split, tmp_path):
    features = data[0][0].copy()
    features[3] = np.inf
    with pytest.raises(InputError, match="not a number in epoch 1"):
        run(([features], data[1]), split, tmp_path)
    assert not (tmp_path / "epoch.npz").exists()


def test_a_weight_that_counts_does_not_stop_a_run(data, split):
    """EfficientNet's first layer counts what it has seen, in whole numbers."""
    tail = keras.Sequential(
        [
            keras.Input((7, 7, 512)),
            keras.layers.Normalization(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(7, activation="softmax"),
        ]
    )
    assert any(weight.dtype.is_integer for weight in tail.weights)
    compile_model(tail, SETTINGS)
    row = fit.train_epoch(
        Loop(tail), data, split, SETTINGS, SEED, 1, lambda number: None
    )
    assert np.isfinite(row["loss"])


def test_a_damaged_checkpoint_is_dropped_and_training_starts_over(
    data, split, whole, tmp_path, caplog
):
    expected, _, folder = whole
    (tmp_path / "epoch.npz").write_bytes((folder / "epoch.npz").read_bytes()[:-200])
    history, _ = run(data, split, tmp_path)
    pd.testing.assert_frame_equal(history, expected, check_exact=True)
    assert "Training starts from the beginning" in caplog.text


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({"train_share": 0.25}, [5, 1, 5, 10, 8, 4, 7]),
        ({"train_per_class": 5}, [5, 4, 5, 5, 5, 5, 5]),
        ({}, [20, 4, 20, 40, 30, 16, 30]),
    ],
)
def test_a_run_trains_on_all_images_or_on_a_part_of_each_class(settings, counts):
    labels = np.repeat(np.arange(7), [40, 8, 40, 80, 60, 32, 60])
    rows = np.flatnonzero(np.arange(len(labels)) % 2)
    part, again, other = (
        fit.training_rows(rows, labels, Run(seed=seed, **settings)).tolist()
        for seed in (1, 1, 2)
    )
    np.testing.assert_allclose(np.bincount(labels[part]), counts, atol=1)
    assert set(part) <= set(rows)
    assert part == sorted(set(part)) == again
    assert (part != other) == bool(settings)


@pytest.fixture
def key_of(tmp_path, monkeypatch):
    """A function that names a run's state, and the settings that it reads; with its inputs."""
    monkeypatch.chdir(tmp_path)
    names = (
        *("data/faces/faces.csv", "data/faces/classes.json", "data/faces/votes.csv"),
        *("data/splits/random.npz", "data/weights/openface-random.h5"),
        *("metrics/features/openface-random.json", "versions.txt"),
    )
    write_files(tmp_path, dict.fromkeys(names, "1"))
    monkeypatch.setattr(runtime, "VERSIONS", Path("versions.txt"))
    settings = load_settings(Path(__file__).parents[1] / "params.yaml")
    return lambda: train.key_of(settings, "openface-random"), settings


@pytest.mark.parametrize(
    ("section", "setting", "value"),
    [
        ("train", "learning_rate", 0.01),
        ("compute", "precision", "bfloat16"),
        ("runs.openface-random", "dropout", 0.5),
        ("variants.openface-random", "trainable_layers", 0),
    ],
)
def test_a_run_does_not_go_on_from_the_state_of_other_settings(
    key_of, monkeypatch, section, setting, value
):
    key, settings = key_of
    before = key()
    assert key() == before
    outer, _, name = section.partition(".")
    changed = settings[outer][name] if name else settings[outer]
    monkeypatch.setitem(changed, setting, value)
    assert key() != before


def test_a_run_does_not_go_on_from_the_state_of_other_inputs_or_versions(key_of):
    key, _ = key_of
    inputs = [path for path in Path().rglob("*") if path.is_file()]
    assert len(inputs) == 7
    keys = [key()]
    for path in inputs:
        path.write_text(f"{path.read_text()}2")
        keys.append(key())
    assert len(set(keys)) == len(keys)
