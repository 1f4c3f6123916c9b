import json
import shutil
from pathlib import Path

import numpy as np
import photo_files
import pytest

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.networks import building, split_model
from fer_transfer.recognise import model_folder, model_spec, study_run
from fer_transfer.recognise.model import open_model, score_of

PARAMS = "params.demo.yaml"
RUN = "openface-random"
FACES = photo_files.drawn_faces()


def informative_backbone(seed):
    """Build MobileNet with random weights that are large enough for its vectors to differ."""
    keras.utils.set_random_seed(seed)
    model = building.build("mobilenet", None)
    for layer in model.layers:
        if layer.name.startswith("conv") and layer.get_weights():
            layer.set_weights([8 * values for values in layer.get_weights()])
    return model


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    """A mirror with weights of MobileNet's shape, which its own list vouches for."""
    folder = tmp_path_factory.mktemp("mirror")
    file = folder / "mobilenet_1_0_224_tf_no_top.h5"
    informative_backbone(1).save_weights(file)
    digest = files.digest(file, "sha256")
    (folder / "SHA256SUMS").write_text(f"{digest}  {file.name}\n")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory, mirror):
    """A folder with a model folder in it, whose backbone has been fetched."""
    top = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        patch.setenv("FER_MIRROR", str(mirror))
        network = model_folder.pretrained("mobilenet")
        random = np.random.default_rng(0)
        head = {
            "hidden_kernel": random.normal(size=(1024, 8)).astype(np.float32),
            "hidden_bias": np.zeros(8, np.float32),
            "kernel": random.normal(size=(8, 7)).astype(np.float32),
            "bias": random.normal(size=7).astype(np.float32),
        }
        said = {
            "classes": list(photo_files.CLASSES),
            "backbone": "mobilenet",
            "backbone_sha256": model_folder.weights_hash(network.backbone),
            "temperature": 2.0,
            "test": {
                "set": "a set",
                "images": 100,
                "accuracy": 0.5,
                "interval": [0.4, 0.6],
            },
            "probe": model_folder.probe(network, head, 2.0),
        }
        model_spec.write_spec(top / "model", said, head)
    return top


@pytest.fixture
def at(project, tmp_path, monkeypatch, mirror):
    """A copy of the project, to spoil."""
    shutil.copytree(project, tmp_path / "at")
    monkeypatch.chdir(tmp_path / "at")
    monkeypatch.setenv("FER_MIRROR", str(mirror))
    return tmp_path / "at"


def change(folder, **values):
    """Change model.json: None removes a key."""
    file = folder / "model/model.json"
    said = json.loads(file.read_text()) | values
    file.write_text(json.dumps({k: v for k, v in said.items() if v is not None}))


def test_a_model_folder_is_opened_and_judges_faces(at):
    model = open_model("model")
    shares = model.probabilities(FACES[0])
    assert model.classes == photo_files.CLASSES
    assert shares.sum() == pytest.approx(1)
    assert model.score.label.startswith("50.0% (95% interval 40.4% to 59.6%)")
    assert not model.remarks


def test_order_and_company_change_no_digit(at):
    model = open_model("model")
    once = [model.probabilities(face).tolist() for face in FACES]
    again = [model.probabilities(face).tolist() for face in FACES[::-1]]
    assert once == again[::-1]


SPOILT = {
    "no format": ({"format": None}, "`format` must be a str"),
    "another format": ({"format": "x 2"}, "expected 'fer-transfer model 1'"),
    "another framing": ({"framing": "tight"}, "expected 'fer2013'"),
    "another size": ({"size": 64}, "expected 48"),
    "colour": ({"channels": 3}, "expected 1"),
    "no classes": ({"classes": []}, "two names or more"),
    "fewer classes": ({"classes": ["sad", "happy"]}, "7 outputs for 2 classes"),
    "no backbone": ({"backbone": None}, "`backbone` must be a str"),
    "unknown backbone": ({"backbone": "mobilnet"}, "Did you mean `mobilenet`"),
    "temperature 0": ({"temperature": 0}, "above 0"),
    "no score": ({"test": {"set": "x"}}, "`test.images` must be a int"),
    "arrays unknown": ({"arrays": {"kernel": "0"}}, "model.json names kernel"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_model_that_does_not_say_what_it_is_is_refused(at, name):
    values, message = SPOILT[name]
    change(at, **values)
    with pytest.raises(InputError, match=message):
        open_model("model")


def test_a_model_without_model_json_is_refused(at):
    (at / "model/model.json").unlink()
    with pytest.raises(InputError, match=r"it has no model\.json.*docs/photos\.md"):
        open_model("model")


def test_a_model_json_that_is_none_is_refused(at):
    (at / "model/model.json").write_text("{")
    with pytest.raises(InputError, match=r"model\.json is no JSON"):
        open_model("model")


def test_arrays_with_another_hash_are_refused(at):
    arrays = files.read_npz(at / "model/arrays.npz")
    arrays["bias"][0] += 1
    files.write_npz(at / "model/arrays.npz", arrays)
    with pytest.raises(InputError, match="array `bias` has another hash"):
        open_model("model")


def test_arrays_that_are_pickled_are_not_read(at):
    arrays = files.read_npz(at / "model/arrays.npz")
    arrays["bias"] = np.array([print] * 7, dtype=object)
    np.savez(at / "model/arrays.npz", **arrays)
    with pytest.raises(InputError, match="no model folder that can be trusted"):
        open_model("model")


def test_cut_arrays_are_refused(at):
    file = at / "model/arrays.npz"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(InputError, match="no model folder that can be trusted"):
        open_model("model")


def test_another_copy_of_the_backbone_is_known_by_its_probabilities(at):
    change(at, backbone_sha256="0" * 64)
    [remark] = open_model("model").remarks
    assert "another copy" in remark


def test_another_backbone_is_refused(at):
    file = at / "data/backbones/mobilenet_1_0_224_tf_no_top.h5"
    informative_backbone(2).save_weights(file)
    with pytest.raises(InputError, match="are not those that model was made with"):
        open_model("model")


def test_a_damaged_backbone_is_refused(at):
    file = at / "data/backbones/mobilenet_1_0_224_tf_no_top.h5"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(InputError, match="Remove it: it is fetched again"):
        open_model("model")


def test_a_model_that_is_none_names_the_runs(at, monkeypatch):
    with pytest.raises(InputError, match=r"Got `none` instead"):
        open_model("none")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run's network, whose weights are those that it starts from, and its file."""
    network = split_model.build("openface", 4, head_seed=5).whole
    weights = tmp_path_factory.mktemp("trained") / "weights.h5"
    network.save_weights(weights)
    return network, weights


@pytest.fixture
def study(trained, tmp_path, monkeypatch):
    """A project whose run has been trained."""
    shutil.copy(PARAMS, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    network, weights = trained
    Path(f"data/runs/{RUN}").mkdir(parents=True)
    shutil.copy(weights, f"data/runs/{RUN}/weights.h5")
    return network


def test_a_run_of_the_study_says_what_its_network_says(study):
    files.write_json(
        Path(f"metrics/test/{RUN}.json"),
        {"test": {"images": 7177, "accuracy": 0.6}},
    )
    model = open_model(RUN)
    expected = study(FACES[:1]).numpy()[0]
    assert model.probabilities(FACES[0]) == pytest.approx(expected, abs=1e-5)
    assert model.score.accuracy == 0.6
    assert "not calibrated" in model.remarks[0]


def test_a_calibrated_run_is_less_sure(study):
    files.write_json(Path(f"metrics/calibration/{RUN}.json"), {"temperature": 3.0})
    model = open_model(RUN)
    assert model.temperature == 3
    assert not model.remarks
    assert model.probabilities(FACES[0]).max() < study(FACES[:1]).numpy().max()


def test_a_calibration_without_a_temperature_is_an_error(study):
    files.write_json(Path(f"metrics/calibration/{RUN}.json"), {"temperature": -1})
    with pytest.raises(InputError, match=r"above 0 and below 100\. Got -1"):
        open_model(RUN)


def test_a_run_that_has_not_been_trained_says_how(study):
    Path(f"data/runs/{RUN}/weights.h5").unlink()
    with pytest.raises(InputError, match=f"dvc repro train@{RUN}"):
        open_model(RUN)


def test_weights_of_another_network_are_refused(study):
    building.build("mobilenet", None).save_weights(f"data/runs/{RUN}/weights.h5")
    with pytest.raises(InputError, match="does not hold the weights"):
        open_model(RUN)


def test_the_interval_is_wilsons():
    score = score_of("x", 10, 0.5)  # by hand: (5 + 1.92) / 13.84 -+ 0.2634
    assert (score.low, score.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_the_default_model_is_small_and_whole():
    folder = Path("models/default")
    spec = model_spec.read_spec(folder)
    assert spec.values["classes"] == list(photo_files.CLASSES)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_000_000


@pytest.mark.parametrize(
    ("data", "whose"),
    [
        ("FER2013", "FER2013's test set"),
        ("synthetic", "the test set of synthetic faces"),
        ("another data set", "the test set of its own study"),
        (None, "the test set of its own study"),
    ],
)
def test_a_run_s_score_says_whose_images_it_is_of(data, whose, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    test = {"test": {"images": 22, "accuracy": 0.5}}
    files.write_json(Path(f"metrics/test/{RUN}.json"), test)
    if data:
        files.write_json(Path("metrics/study/study.json"), {"data": data})
    assert study_run.test_score(RUN).test_set == whose
