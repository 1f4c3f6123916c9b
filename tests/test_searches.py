"""From faces to a choice, its scores on the test set and a model, on a backbone of a few layers."""

import shutil
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
import settings_files
import tiny
from small_sets import write_faces

from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.features.feature_store import open_features
from fer_transfer.recognise.model import Model
from fer_transfer.report import html, page
from fer_transfer.results import inputs
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.scoring.calibration import with_temperature
from fer_transfer.settings.classifiers import TITLES
from fer_transfer.synthetic import drawing
from stages import assess, choose, features, split, views, weights

FROZEN = {"backbone": "tiny", "weights": "pretrained", "trainable_layers": 0}
SEARCH = {"variant": "tiny-frozen", "backbone": "tiny", "split": "people"}
SPLITS = {
    "people": {"by": "person", "val": 0.2, "test": 0.25, "seed": 1},
    "mixed": {"by": "random", "val": 0.1, "test": 0.2, "seed": 1},
}


def write_settings(searched=("people",), **changes):
    """Write params.yaml with a search per split."""
    settings_files.write(
        data={"source": "synthetic"},
        weights={"pretrained": "stand-in"},
        splits=SPLITS,
        variants={"tiny-frozen": FROZEN},
        runs={"tiny": SEARCH | {"seed": 1}},
        searches={name: SEARCH | {"split": name} for name in searched},
        choose={"classifiers": ["knn", "logistic"], "folds": 2},
        **changes,
    )


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A project with faces of nine people: two splits, features, and a search on one."""
    folder = tmp_path_factory.mktemp("made") / "project"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch, chdir(folder):
        tiny.install(patch)
        write_settings()
        images, labels, people = drawing.draw(126, 9, 1)
        write_faces(labels, images, person=[f"person {number}" for number in people])
        for name in SPLITS:
            split.main(name)
        weights.main("tiny-frozen")
        features.main("tiny-frozen")
        search()
    return folder


@pytest.fixture
def project(searched, tmp_path, monkeypatch):
    """Stand in a copy of that project."""
    monkeypatch.chdir(shutil.copytree(searched, tmp_path / "project"))
    tiny.install(monkeypatch)


def search(name="people"):
    views.main(name)
    choose.main(name)
    return files.read_json(Path(f"metrics/choose/{name}.json"))


def results():
    assess.main()
    return files.read_json(Path("metrics/assess.json"))


@pytest.mark.usefixtures("project")
def test_views_are_of_faces_outside_the_test_set_and_their_vectors_near_the_faces():
    write_settings(views={"number": 2})
    views.main("people")
    drawn = files.read_npz(Path("data/views/people/views.npz"))
    sets = files.read_npz(Path("data/splits/people.npz"))
    expected = np.sort(np.concatenate([sets["train"], sets["val"]]))
    assert (drawn["face"] == np.repeat(expected, 2)).all()
    [of_views] = open_features(Path("data/views/people"))
    [of_faces] = open_features(Path("data/features/tiny-frozen"))
    near = np.linalg.norm(of_views - of_faces[drawn["face"]], axis=1)
    far = np.linalg.norm(of_views - of_faces[drawn["face"] - 1], axis=1)
    assert np.median(near) < np.median(far)
    write_settings(views={"number": 0})
    views.main("people")
    assert not open_features(Path("data/views/people"))


@pytest.mark.usefixtures("project")
def test_a_search_reads_no_label_of_a_test_face():
    first = Path("metrics/choose/people.json").read_bytes()
    fitted = Path("data/choices/people/probabilities.npz").read_bytes()
    known = faces.read()
    test = files.read_npz(Path("data/splits/people.npz"))["test"]
    labels = known.labels.copy()
    labels[test] = (labels[test] + 1) % 7
    write_faces(labels, np.array(faces.read_images()))
    choose.main("people")
    assert Path("metrics/choose/people.json").read_bytes() == first
    assert Path("data/choices/people/probabilities.npz").read_bytes() == fitted


@pytest.mark.usefixtures("project")
def test_each_split_is_assessed_on_its_own_and_says_on_what_its_temperature_rests():
    write_settings(searched=("people", "mixed"))
    chosen = {"people": files.read_json(Path("metrics/choose/people.json"))}
    chosen["mixed"] = search("mixed")
    found = results()
    assert list(found) == ["people", "mixed"]
    for name, result in found.items():
        sets = files.read_npz(Path(f"data/splits/{name}.npz"))
        assert result["selected_by"] == "cross-validation"
        assert {row["search"] for row in result["candidates"] if "search" in row} == {
            name
        }
        assert np.sum(result["best"]["confusion"]) == len(sets["test"])
        assert result["best"]["test"]["images"] == len(sets["test"])
        assert result["best"]["deduplicated"]["images"] == len(sets["test"])
        fitted_on = len(sets["train"]) + len(sets["val"])
        assert (
            result["best"]["temperature"]["images"]
            == chosen[name]["train"]
            == fitted_on
        )
        assert Path(f"data/model/{name}.onnx").is_file()
    scores = files.read_json(Path("metrics/assess/scores.json"))
    assert scores["people"]["accuracy"] == found["people"]["best"]["test"]["accuracy"]


@pytest.mark.usefixtures("project")
def test_the_model_predicts_what_its_test_score_says():
    found = results()["people"]["model"]
    model = Model("data/model/people.onnx")
    known, images = faces.read(), faces.read_images()
    test = files.read_npz(Path("data/splits/people.npz"))["test"]
    predicted = [model.probabilities(np.array(images[face])).argmax() for face in test]
    accuracy = (predicted == known.labels[test]).mean()
    assert accuracy == pytest.approx(found["test"]["accuracy"], abs=0.05)  # rounded
    assert model.metadata.scores["accuracy"] == pytest.approx(accuracy, abs=1e-5)
    assert model.metadata.classes == EMOTIONS
    calibrated = with_temperature(
        files.read_npz(Path("data/choices/people/probabilities.npz"))["model"],
        found["temperature"]["value"],
    )
    probabilities = np.stack(
        [model.probabilities(np.array(images[face])) for face in test]
    )
    assert probabilities == pytest.approx(calibrated, abs=0.02)  # float16 weights


@pytest.mark.usefixtures("project")
def test_the_page_shows_each_split_with_its_candidates_faces_and_warnings():
    written = results()
    found = written["people"]
    found["best"]["recall"]["sad"] |= {"recall": None, "interval": None}  # no test face
    models = {
        "people": {"use": "a-run", "why": "it is better", "images": 9, "models": []}
    }
    known = faces.read()
    split = files.read_npz(Path("data/splits/people.npz"))
    data = inputs.Data(known.classes, known.labels, {"people": split})
    sets = files.read_json(Path("metrics/split/people.json"))
    text = (
        html.environment()
        .get_template("classifiers.html")
        .render(
            assessed=page.assessed(written, data, faces.read_images()),
            splits={"people": sets},
            titles=TITLES,
            catalog=BACKBONES,
            study={"models": models},
            own=True,
        )
    )
    assert "python -m tools.export a-run" in text
    assert f"{100 * found['best']['test']['accuracy']:.1f}%" in text
    for row in found["candidates"]:
        assert row["verdict"].replace("not significantly worse", "overlaps") in text
    assert text.count("a training face, labelled happy") > 1
    assert sets["warnings"]
    assert all(warning in text for warning in sets["warnings"])


@pytest.mark.usefixtures("project")
def test_where_a_model_cannot_hold_the_best_classifier_it_holds_the_best_that_it_can():
    chosen = files.read_json(Path("metrics/choose/people.json"))
    chosen["candidates"]["knn"]["score"] |= {"accuracy": 1.0, "interval": [0.9, 1.0]}
    chosen["best"] = "knn"
    files.write_json(Path("metrics/choose/people.json"), chosen)
    found = results()["people"]
    assert found["best"]["classifier"] == "knn"
    assert found["model"]["classifier"] == "logistic"


@pytest.mark.usefixtures("project")
def test_without_searches_there_is_nothing_to_assess_and_no_error():
    write_settings(searched=())
    assert results() == {}
    assert files.read_json(Path("metrics/assess/scores.json")) == {}
    assert Path("data/model").is_dir()
