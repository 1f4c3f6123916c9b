"""A trained network as one ONNX file says what the network says, and gives its weights back."""

import copy
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import photo_files
import pytest
import records
import settings_files
import tiny
from scipy.special import softmax

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.export import onnx_export
from fer_transfer.networks import onnx_weights
from fer_transfer.readers.ferplus import NAMES
from fer_transfer.recognise.model import Model
from fer_transfer.training.augment import Augmentation
from tests.networks import network_of
from tools import export

RUN = "tiny-random"
IMAGES = photo_files.drawn_faces(14)

pytestmark = pytest.mark.filterwarnings("ignore")  # of tf2onnx and TensorFlow


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    return network_of("openface", 4).whole


@pytest.fixture(scope="module")
def translated(network):
    return onnx_export.to_onnx(network)


def test_the_file_says_what_the_network_says(network, translated):
    found = onnx_export.predict(onnx_export.finish(translated, {}), IMAGES)
    assert np.abs(found - network(IMAGES).numpy()).max() < 2e-3  # float16's rounding


def test_every_weight_is_read_back_by_its_name_in_keras_s_layout(
    network, translated, tmp_path
):
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_export.finish(translated, {}))
    read = onnx_weights.read_weights(path)
    for weight in network.weights:
        expected = weight.numpy()
        if expected.ndim > 1:
            expected = expected.astype(np.float16).astype(np.float32)
        assert np.array_equal(read[weight.name], expected), weight.name


def test_one_network_gives_the_same_bytes_each_time(network, translated):
    again = onnx_export.to_onnx(network)
    assert onnx_export.finish(again, {}) == onnx_export.finish(translated, {})


def test_convolutions_that_train_as_products_are_convolutions_in_the_file():
    """And batch normalisation, which is not folded into them, keeps its layers."""
    keras.utils.set_random_seed(3)
    network = network_of("mobilenet", 14, size=96).whole
    kinds = Counter(type(layer).__name__ for layer in network.layers)
    assert "ProductConvolution" in kinds
    model = onnx_export.to_onnx(network)
    operators = Counter(node.op_type for node in model.graph.node)
    assert (operators["Conv"], operators["MatMul"] + operators["Gemm"]) == (27, 1)
    assert operators["BatchNormalization"] == kinds["BatchNormalization"] > 0


@pytest.fixture(scope="module")
def frozen():
    """A network that gives vectors, and its translation."""
    network = network_of("openface", 0).frozen
    return network, onnx_export.to_onnx(network)


@pytest.mark.parametrize("hidden", [0, 2])
def test_dense_layers_on_a_frozen_network_are_part_of_the_file(frozen, hidden):
    network, translated = frozen
    random = np.random.default_rng(0)
    sizes = [128, *[16] * hidden, 3]
    layers = [
        (random.normal(size=size), random.normal(size=size[1]))
        for size in itertools.pairwise(sizes)
    ]
    model = copy.deepcopy(translated)
    onnx_export.add_dense_layers(model, layers)
    onnx_export.calibrate(model, 1.5)
    values = np.asarray(network(IMAGES)).reshape(len(IMAGES), -1)
    for number, (kernel, bias) in enumerate(layers):
        values = np.maximum(values, 0) if number else values
        values = values @ kernel + bias
    found = onnx_export.predict(onnx_export.finish(model, {}), IMAGES)
    assert found == pytest.approx(softmax(values / 1.5, axis=1), abs=2e-2)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A project with a trained run, its faces and what the pipeline says of them."""
    tiny.install(monkeypatch)
    demo = settings_files.load(settings_files.DEMO)
    variant = demo["variants"]["openface-random"] | {"backbone": "tiny"}
    run = demo["runs"]["openface-random"] | {"backbone": "tiny", "variant": RUN}
    named = {"variants": {RUN: variant}, "runs": {RUN: run}}
    settings_files.write(tmp_path, settings_files.DEMO, **named)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(export, "git", lambda *_: "abc1234\n")
    table = pd.DataFrame({name: [""] * 14 for name in faces.COLUMNS})
    table["label"] = [*photo_files.CLASSES] * 2
    votes = pd.DataFrame({name: [2] * 14 for name in NAMES[:8]})
    votes.loc[:9, "happiness"] = 20  # most people see it in the first ten
    faces.write(faces.Faces("Drawn", photo_files.CLASSES, table, votes), IMAGES)
    rows = {"val": np.arange(7), "test": np.arange(7, 14)}
    files.write_npz(Path("data/splits/random.npz"), rows)
    return trained(RUN, network_of("tiny").whole)


def trained(run, network):
    """Store a network as a run's, with its probabilities."""
    folder = Path(f"data/runs/{run}")
    folder.mkdir(parents=True, exist_ok=True)
    network.save_weights(folder / "weights.h5")
    outputs = network(IMAGES)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    arrays = {
        f"{prefix}{part}": output.numpy()[rows]
        for prefix, output in zip(("", "votes_"), outputs, strict=False)
        for part, rows in (("val", slice(7)), ("test", slice(7, 14)))
    }
    files.write_npz(folder / "probabilities.npz", arrays)
    records.write(Path())
    return folder


def test_a_run_becomes_a_model_that_the_recogniser_opens(study, caplog):
    caplog.set_level("INFO")
    network = network_of("tiny").whole
    network.load_weights(study / "weights.h5")
    (study / ".weights.h5.part").touch()  # what a kill leaves
    export.export(RUN, "labels")
    model = Model(f"exported/{RUN}.onnx")
    described = model.metadata
    logits = np.log(network(IMAGES[:1]).numpy()[0].astype(float))
    expected = softmax(logits / described.temperature)
    assert model.probabilities(IMAGES[0]) == pytest.approx(expected, abs=2e-3)
    assert described.run == RUN
    assert described.data == "Drawn (tiny, initial weights: random)"
    assert described.scores["images"] == 7
    assert described.scores["test_set"] == "Drawn's test set (split random)"
    assert sum(map(sum, described.scores["confusion"])) == 7
    assert described.calibrated_on == 7
    assert "fitted on 7 images" in caplog.text


def test_of_a_run_with_two_heads_either_is_a_model(study):
    """One that was trained with augmentation, which has no part in the model."""
    run = {"labels": "both", "augment": True}
    changes = {f"runs.{RUN}.{name}": value for name, value in run.items()}
    changes |= {"data.ferplus": True, f"variants.{RUN}.trainable_layers": "all"}
    settings_files.change(changes)
    network = network_of("tiny", "all", num_votes=8, resize=Augmentation(24)).whole
    trained(RUN, network)
    for head, classes in (
        ("labels", photo_files.CLASSES),
        ("votes", photo_files.EIGHT),
    ):
        export.export(RUN, head)
        model = Model(f"exported/{RUN}.onnx")
        assert model.metadata.classes == classes
        output = network(IMAGES[:1])[head == "votes"].numpy()[0].astype(float)
        expected = softmax(np.log(output) / model.metadata.temperature)
        assert model.probabilities(IMAGES[0]) == pytest.approx(expected, abs=2e-2)
    assert model.metadata.scores["images"] == 3  # a majority sees one thing
    assert "what most people see" in model.metadata.scores["test_set"]


def test_a_run_of_other_settings_or_of_another_commit_becomes_no_model(study):
    settings_files.change({"train.learning_rate": 0.5})
    for _ in range(2):
        with pytest.raises(InputError, match=f"Run `dvc repro train@{RUN}`"):
            export.export(RUN, "labels")
        records.write(Path())
        files.write_npz(study / "probabilities.npz", {"val": np.eye(7)})


def test_a_run_that_did_not_learn_from_votes_has_no_head_for_them(study):
    with pytest.raises(InputError, match="did not learn from votes"):
        export.export(RUN, "votes")


def test_a_run_whose_validation_images_are_its_test_images_becomes_no_model(study):
    settings_files.change({f"runs.{RUN}.split": "tables"})
    with pytest.raises(InputError, match="are its test images"):
        export.export(RUN, "labels")


def test_a_search_s_model_is_said_to_come_from_assess(monkeypatch):
    monkeypatch.chdir(settings_files.ROOT)
    with pytest.raises(InputError, match="`dvc repro assess` writes its model"):
        export.export(next(iter(settings_files.load()["searches"])), "labels")


def test_a_file_that_differs_from_the_pipeline_is_not_written(study):
    wrong = {"val": np.eye(7), "test": np.eye(7)[::-1]}
    files.write_npz(study / "probabilities.npz", wrong)
    records.write(Path())
    with pytest.raises(InputError, match="differ from the pipeline's by"):
        export.export(RUN, "labels")
    assert not Path("exported").exists()


def test_a_run_that_has_not_been_trained_says_how(study):
    (study / "weights.h5").unlink()
    with pytest.raises(InputError, match=f"dvc repro train@{RUN}"):
        export.export(RUN, "labels")
