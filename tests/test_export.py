"""A trained network as one ONNX file says what the network says, and gives its weights back."""

import copy
import itertools
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import photo_files
import pytest
from scipy.special import softmax

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.networks import building, onnx_export, split_model
from fer_transfer.recognise import metadata
from fer_transfer.recognise.model import Model
from tools import export

RUN = "openface-random"
IMAGES = photo_files.drawn_faces(14)

pytestmark = pytest.mark.filterwarnings("ignore")  # of tf2onnx and TensorFlow


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    return split_model.build("openface", 4).whole


@pytest.fixture(scope="module")
def translated(network):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return onnx_export.to_onnx(network)


def test_the_file_says_what_the_network_says(network, translated):
    found = onnx_export.predict(onnx_export.finish(translated, {}), IMAGES)
    assert np.abs(found - network(IMAGES).numpy()).max() < 2e-3  # float16's rounding


def test_every_weight_is_read_back_by_its_name_in_keras_s_layout(
    network, translated, tmp_path
):
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_export.finish(translated, {}))
    read = onnx_export.read_weights(path)
    for weight in network.weights:
        expected = weight.numpy()
        if expected.ndim > 1:
            expected = expected.astype(np.float16).astype(np.float32)
        assert np.array_equal(read[weight.name], expected), weight.name


def test_batch_normalisation_keeps_its_layers(network, translated):
    layers = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    nodes = [n for n in translated.graph.node if n.op_type == "BatchNormalization"]
    assert len(nodes) == len(layers) > 0


def test_the_temperature_divides_the_logits(translated):
    calibrated = copy.deepcopy(translated)
    onnx_export.calibrate(calibrated, 2.5)
    raw, scaled = (
        onnx_export.predict(onnx_export.finish(model, {}), IMAGES)
        for model in (translated, calibrated)
    )
    expected = softmax(np.log(raw.astype(float)) / 2.5, axis=1)
    assert scaled == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def frozen():
    """A network that gives vectors, and its translation."""
    network = split_model.build("openface", 0).frozen
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return network, onnx_export.to_onnx(network)


@pytest.mark.parametrize("hidden", [0, 1, 2])
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


def test_a_network_without_a_softmax_has_no_temperature(frozen):
    with pytest.raises(InputError, match="expected a softmax"):
        onnx_export.calibrate(frozen[1], 2)


@pytest.fixture
def study(network, tmp_path, monkeypatch):
    """A project with a trained run, its faces and what the pipeline says of them."""
    shutil.copy("params.demo.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    table = pd.DataFrame({name: [""] * 14 for name in faces.COLUMNS})
    table["label"] = [*photo_files.CLASSES] * 2
    faces.write(faces.Faces("Drawn", photo_files.CLASSES, table), IMAGES)
    files.write_npz(Path("data/splits/random.npz"), {"test": np.arange(4, 14)})
    run = Path(f"data/runs/{RUN}")
    run.mkdir(parents=True)
    network.save_weights(run / "weights.h5")
    files.write_npz(run / "probabilities.npz", {"test": network(IMAGES[4:]).numpy()})
    files.write_json(Path(f"metrics/calibration/{RUN}.json"), {"temperature": 2.0})
    return run


def test_a_run_becomes_a_model_that_the_recogniser_opens(study, network):
    export.main(RUN)
    model = Model(f"exported/{RUN}.onnx")
    expected = softmax(np.log(network(IMAGES[:1]).numpy()[0].astype(float)) / 2)
    assert model.probabilities(IMAGES[0]) == pytest.approx(expected, abs=2e-3)
    described = model.metadata
    assert (described.run, described.temperature) == (RUN, 2)
    assert described.scores["images"] == 10
    assert described.scores["test_set"] == "Drawn's test set (random)"
    assert sum(map(sum, described.scores["confusion"])) == 10


def test_a_file_that_differs_from_the_pipeline_is_not_written(study):
    files.write_npz(study / "probabilities.npz", {"test": np.eye(10, 7)})
    with pytest.raises(InputError, match="differ from the pipeline's by"):
        export.main(RUN)
    assert not Path("exported").exists()


def test_a_run_that_has_not_been_trained_says_how(study):
    (study / "weights.h5").unlink()
    with pytest.raises(InputError, match=f"dvc repro train@{RUN}"):
        export.main(RUN)


def test_weights_of_another_network_are_refused(study):
    building.build("mobilenet", None).save_weights(study / "weights.h5")
    with pytest.raises(InputError, match="does not hold the weights"):
        export.main(RUN)


def test_a_temperature_that_is_none_is_an_error(study):
    files.write_json(Path(f"metrics/calibration/{RUN}.json"), {"temperature": -1})
    with pytest.raises(InputError, match=r"above 0 and at most 100\. Got -1"):
        export.main(RUN)


def test_a_run_that_params_yaml_does_not_list_is_named(study):
    with pytest.raises(InputError, match=r"has no .none.*It has"):
        export.main("none")


def test_scores_count_by_label_and_prediction():
    scores = metadata.score(
        "x", ("a", "b", "c"), np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    )
    assert scores["accuracy"] == 0.75
    assert scores["confusion"] == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert scores["by_class"]["a"]["recall"] == pytest.approx(2 / 3, abs=1e-6)
    assert scores["by_class"]["c"] == {"images": 0, "recall": None, "interval": None}
