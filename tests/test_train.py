import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import tf_keras as keras
from small_sets import write_faces, write_split

from fer_transfer.networks.runtime import tf
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.networks import runtime, split_model
from fer_transfer.settings.settings import load_settings
from fer_transfer.training import fit
from fer_transfer.training.batches import Batches
from fer_transfer.training.checkpoint import Checkpoint
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model
from stages import train
from tests.networks import BACKBONES, build, release, some_images

SETTINGS = Recipe(epochs=4, batch_size=4, learning_rate=1e-3)
SEED = 3
PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def data():
    """Made-up features, of VGG-Face's shape."""
    random = np.random.default_rng(0)
    features = np.maximum(random.normal(size=(18, 7, 7, 512)), 0).astype(np.float32)
    return [features], random.integers(0, 7, 18).astype(np.uint8)


@pytest.fixture
def split():
    return {"train": np.arange(14), "val": np.arange(14, 18)}


class KilledError(Exception):
    """Stands for the moment of a kill in a test that stays in one process."""


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
    checkpoint = Checkpoint(folder)
    keep = checkpoint.save

    def save(model: keras.Model, history: pd.DataFrame, *_: object) -> None:
        keep(model, history)
        if len(history) == kill_after:
            raise KilledError

    checkpoint.save = save
    with mock.patch.object(fit, "CHECKPOINT_SPACING", 0):  # one after every epoch
        history = fit.train(Loop(tail), data, split, SETTINGS, SEED, checkpoint)
    return history, tail.get_weights()


def test_the_history_has_a_row_per_epoch_from_one(data, split, tmp_path):
    history, _ = run(data, split, tmp_path)
    assert list(history) == ["epoch", "accuracy", "val_accuracy", "loss", "val_loss"]
    assert history["epoch"].tolist() == [1, 2, 3, 4]


def test_two_runs_of_a_seed_are_the_same_bit_for_bit(data, split, tmp_path):
    first, weights = run(data, split, tmp_path / "a")
    second, others = run(data, split, tmp_path / "b")
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert all(map(np.array_equal, weights, others))


def test_a_checkpoint_copies_one_variable_at_a_time(tmp_path):
    tail = keras.Sequential(
        [keras.Input((512,)), *(keras.layers.Dense(512) for _ in range(8))]
    )
    compile_model(tail, SETTINGS)
    tail.optimizer.apply_gradients([(tf.ones_like(one), one) for one in tail.weights])
    tracemalloc.start()
    Checkpoint(tmp_path).save(tail, pd.DataFrame({"epoch": [1]}))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = (tmp_path / "epoch.npz").stat().st_size  # values and two moments of 8 layers
    assert peak < 3 * kept / 24


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_killed_run_ends_as_one_that_was_not(data, split, tmp_path, epoch):
    whole, weights = run(data, split, tmp_path / "whole")
    with pytest.raises(KilledError):
        run(data, split, tmp_path / "killed", kill_after=epoch)
    resumed, others = run(data, split, tmp_path / "killed")
    pd.testing.assert_frame_equal(resumed, whole, check_exact=True)
    assert all(map(np.array_equal, weights, others))


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


@pytest.mark.usefixtures("_no_graph_stays")
@pytest.mark.parametrize("backbone", BACKBONES)
def test_training_on_features_gives_the_losses_of_the_frozen_whole(backbone):
    pixels, labels = some_images(6)
    network = build(backbone)
    compile_model(network.tail, Recipe(20, 32, 1e-4))
    by_tail = losses_of_two_steps(network.tail, network.frozen(pixels), labels)
    del network
    release()  # one at a time: VGG-Face and its optimizer's state take 2 GB
    whole = build(backbone).whole
    # Keras's new Adam computes the same in more arrays of VGG-Face's 0.5 GB each.
    adams = keras.optimizers.legacy if backbone == "vggface" else keras.optimizers
    whole.compile(adams.Adam(1e-4), "sparse_categorical_crossentropy")
    by_whole = losses_of_two_steps(whole, pixels, labels)
    assert by_tail[0] != by_tail[1]
    np.testing.assert_allclose(by_tail, by_whole, rtol=2e-5)


@pytest.mark.usefixtures("_no_graph_stays")
@pytest.mark.parametrize("backbone", BACKBONES)
def test_one_step_moves_exactly_the_weights_that_train(backbone):
    built = build(backbone)
    pixels, labels = some_images(4)
    before = [hash(weight.numpy().tobytes()) for weight in built.whole.weights]
    compile_model(built.tail, Recipe(20, 32, 1e-3))
    built.tail.train_on_batch(built.frozen(pixels), labels)
    moved = {
        weight.name
        for weight, old in zip(built.whole.weights, before, strict=True)
        if hash(weight.numpy().tobytes()) != old
    }
    # Batch normalisation's moving statistics move with the layers that train.
    training = [layer for layer in built.whole.layers if layer.trainable]
    assert moved == {weight.name for layer in training for weight in layer.weights}


@pytest.mark.usefixtures("_no_graph_stays")
@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_tail_of_every_backbone_trains_from_files(backbone):
    network = build(backbone)
    pixels, labels = some_images(6)
    features = [np.asarray(one) for one in tf.nest.flatten(network.frozen(pixels))]
    compile_model(network.tail, SETTINGS)
    batches = Batches(features, labels, np.array([4, 1, 3]), 2)
    loop = Loop(network.tail)
    assert np.isfinite(loop.train(batches)["loss"])
    probabilities = loop.predict(batches)
    expected = network.whole(pixels[[4, 1, 3]])
    np.testing.assert_allclose(probabilities, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_a_number_stops_the_run_and_names_the_epoch(
    data, split, tmp_path, value
):
    features = data[0][0].copy()
    features[3] = value
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
    row, _ = fit.train_epoch(
        Loop(tail), data, split, SETTINGS, SEED, 1, lambda number: None
    )
    assert np.isfinite(row["loss"])


def test_a_damaged_checkpoint_is_dropped_and_training_starts_over(
    data, split, tmp_path, caplog
):
    whole, _ = run(data, split, tmp_path / "whole")
    path = tmp_path / "damaged" / "epoch.npz"
    path.parent.mkdir()
    path.write_bytes((tmp_path / "whole" / "epoch.npz").read_bytes()[:-200])
    history, _ = run(data, split, tmp_path / "damaged")
    pd.testing.assert_frame_equal(history, whole, check_exact=True)
    assert "Training starts from the beginning" in caplog.text


@pytest.mark.parametrize(
    ("reckoned_seconds", "checkpoint_seconds", "kept"),
    [
        (0.1, 0.1, [1, 2, 3, 4]),
        (0.1, 0.2, [1, 3]),
        (0.1, 10, [1]),
        (0.3, 0.1, [3, 4]),
        (10, 0.1, []),
    ],
)
def test_checkpoints_take_at_most_a_tenth_of_the_time(
    monkeypatch, reckoned_seconds, checkpoint_seconds, kept
):
    clock, epochs = [1000.0], []

    def train_epoch(*_: object) -> tuple[dict[str, float], float]:
        clock[0] += 1
        return dict.fromkeys(fit.MEANS, 0.0), 0.0

    class Disk:
        def restore(self, *_: object) -> pd.DataFrame:
            return pd.DataFrame()

        def save(self, _: object, history: pd.DataFrame, *__: object) -> None:
            clock[0] += checkpoint_seconds
            epochs.append(len(history))

    monkeypatch.setattr(fit, "train_epoch", train_epoch)
    monkeypatch.setattr(fit.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(fit, "BYTES_PER_SECOND", 12 / reckoned_seconds)
    loop = mock.Mock(**{"model.count_params.return_value": 1})
    fit.train(loop, ([], None), {"train": np.arange(3)}, SETTINGS, SEED, Disk())
    assert epochs == kept


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_part_of_the_training_images_has_every_emotion_in_proportion(share):
    labels = np.repeat(np.arange(7), [40, 8, 40, 80, 60, 32, 60])
    rows = np.flatnonzero(np.arange(len(labels)) % 2)
    part = fit.part_of(rows, labels, share, seed=1)
    assert set(part) < set(rows)
    assert part.tolist() == sorted(set(part))
    counts = np.bincount(labels[part]) / np.bincount(labels[rows])
    np.testing.assert_allclose(counts, share, atol=0.02)  # by whole images
    assert part.tolist() == fit.part_of(rows, labels, share, seed=1).tolist()
    assert part.tolist() != fit.part_of(rows, labels, share, seed=2).tolist()


def test_at_most_so_many_training_images_of_each_class_are_used():
    labels = np.array([0] * 30 + [1] * 4 + [2] * 30)
    rows = np.arange(3, 64)
    part = fit.at_most(rows, labels, 5, SEED)
    assert np.bincount(labels[part]).tolist() == [5, 4, 5]
    assert set(part) <= set(rows)
    assert part.tolist() == sorted(part)
    assert part.tolist() == fit.at_most(rows, labels, 5, SEED).tolist()
    assert part.tolist() != fit.at_most(rows, labels, 5, SEED + 1).tolist()


def write_inputs() -> None:
    """Write what names a run's state, as small as can be."""
    for path in (
        *(
            Path(f"data/faces/{name}")
            for name in ("faces.csv", "classes.json", "votes.csv")
        ),
        Path("data/splits/random.npz"),
        Path("data/weights/openface-random.h5"),
        Path("metrics/features/openface-random.json"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("train", {"learning_rate": 0.01}),
        ("train", {"epochs": 30}),
        ("compute", {"precision": "bfloat16"}),
        ("runs.openface-random", {"learning_rate": 0.01}),
        ("runs.openface-random", {"dropout": 0.5}),
        ("variants.openface-random", {"precision": "bfloat16"}),
        ("variants.openface-random", {"trainable_layers": 0}),
    ],
)
def test_a_run_does_not_go_on_from_the_state_of_other_settings(
    tmp_path, monkeypatch, section, changes
):
    monkeypatch.chdir(tmp_path)
    write_inputs()
    settings = load_settings(PROJECT / "params.yaml")
    before = train.key_of(settings, "openface-random")
    assert train.key_of(settings, "openface-random") == before
    outer, _, name = section.partition(".")
    changed = settings[outer][name] if name else settings[outer]
    for key, value in changes.items():
        monkeypatch.setitem(changed, key, value)
    assert train.key_of(settings, "openface-random") != before


def test_a_run_does_not_go_on_from_the_state_of_other_inputs_or_versions(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_inputs()
    settings = load_settings(PROJECT / "params.yaml")
    versions = tmp_path / "versions.txt"
    versions.write_text("numpy==2.4.6")
    monkeypatch.setattr(runtime, "VERSIONS", versions)
    inputs = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(inputs) == 7
    keys = [train.key_of(settings, "openface-random")]
    for path in inputs:
        path.write_text(f"{path.read_text()}2")
        keys.append(train.key_of(settings, "openface-random"))
    assert len(set(keys)) == len(keys)


def make_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put what `stages.train openface-random` reads into a folder, and go there."""
    monkeypatch.chdir(folder)
    project = Path(__file__).parents[1]
    text = (project / "params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("epochs: 20", "epochs: 30"))
    pixels, labels = some_images(60)
    network = build("openface")
    write_faces(labels, pixels)
    rows = np.arange(60)
    split = {"train": rows[:40], "val": rows[40:50], "test": rows[50:]}
    write_split(**split)
    Path("data/weights").mkdir()
    network.backbone.save_weights("data/weights/openface-random.h5")
    Path("data/features/openface-random").mkdir(parents=True)
    features = network.frozen(pixels).numpy()
    np.save("data/features/openface-random/0.npy", features)
    files.write_json(Path("metrics/features/openface-random.json"), {})


def start(project: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "stages.train", "openface-random"],
        env={**os.environ, "PYTHONPATH": str(project)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_a_stage_killed_with_no_warning_goes_on_and_ends_the_same(
    tmp_path, monkeypatch
):
    make_project(tmp_path, monkeypatch)
    project = Path(__file__).parents[1]
    outputs = [Path("data/runs/openface-random") / name for name in ("history.csv", "weights.h5", "probabilities.npz")]  # fmt: skip
    assert start(project).wait() == 0
    expected = [path.read_bytes() for path in outputs]
    for path in outputs:
        path.unlink()
    assert not list(Path(".ckpt").iterdir())

    killed = start(project)
    while not list(Path(".ckpt").glob("*/epoch.npz")):
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not outputs[0].exists()
    assert start(project).wait() == 0
    assert [path.read_bytes() for path in outputs] == expected
