"""From vectors to a choice, its score, a model folder and a page."""

from pathlib import Path

import drawn
import numpy as np
import pytest
import tiny
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from algorithm import assess, choose, features, report, split, views
from algorithm.lib import dataset, dense
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.features.feature_store import open_features
from fer_transfer.networks import split_model
from fer_transfer.networks.inference import open_engine
from fer_transfer.recognise import model_folder, model_spec
from tools import algorithm_table

METRICS = Path("metrics/algorithm")
LIGHT = ["logistic", "lda"]


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(dense, "EPOCHS", 2)
    monkeypatch.setattr(dense, "LEAST_STEPS", 2)


@pytest.fixture
def at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny.install(monkeypatch)
    return tmp_path


def prepare(parts=None, classifiers=LIGHT, backbones=("tiny",), **chosen):
    drawn.write_settings(
        features={"backbones": list(backbones), "weights": "stand-in"},
        choose={"classifiers": classifiers, "folds": 3} | chosen,
    )
    drawn.draw(parts=parts)
    split.main()
    views.main()


PARTS = np.array(["train", "train", "train", "train", "val", "test"] * 21)


def test_features_without_views_are_those_of_the_studys_head_variants(at):
    prepare()
    drawn.write_settings(
        views={"number": 0}, features={"backbones": ["tiny"], "weights": "stand-in"}
    )
    views.main()
    features.main("tiny")
    [found] = open_features(drawn.FOLDER / "features/tiny")
    network = split_model.build("tiny", 0, drawn.FOLDER / "weights/tiny.h5")
    images = files.read_npz(drawn.FOLDER / "faces.npz")["images"]
    [expected] = open_engine(network.frozen, "float32").compute(images)
    assert (found == expected).all()
    assert found.shape == (126, 16)


def test_the_views_vectors_follow_the_faces(at):
    prepare()
    features.main("tiny")
    [found] = open_features(drawn.FOLDER / "features/tiny")
    plan = files.read_npz(drawn.FOLDER / "views.npz")
    assert len(found) == 126 + len(plan["face"])
    distance = np.linalg.norm(found[126:] - found[plan["face"]], axis=1)
    others = np.linalg.norm(found[126:] - found[plan["face"] - 1], axis=1)
    assert np.median(distance) < np.median(others)


def test_given_sets_choose_on_validation_as_scikit_learn_does(at):
    prepare(PARTS)
    vectors = drawn.write_vectors("tiny")
    choose.main()
    found = files.read_json(METRICS / "choose.json")
    logistic = found["candidates"]["tiny/logistic"]
    data = dataset.read()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        {"logisticregression__C": [1e-3, 1e-2, 0.1, 1.0, 10.0]},
        cv=[(data.rows(data.train), data.val)],
        refit=False,
    ).fit(vectors, data.labels)
    best = search.best_params_["logisticregression__C"]
    fitted = make_pipeline(
        StandardScaler(), LogisticRegression(C=best, max_iter=500)
    ).fit(vectors[data.rows(data.train)], data.labels[data.rows(data.train)])
    assert found["selected_by"] == "val"
    assert logistic["settings"] == {"C": best}
    assert logistic["val"]["accuracy"] == pytest.approx(search.best_score_)
    expected = fitted.score(vectors[data.test], data.labels[data.test])
    assert logistic["test"]["accuracy"] == pytest.approx(expected, abs=1e-5)
    assert logistic["images"] == len(data.train) == 84


def test_without_sets_the_test_faces_are_not_looked_at(at):
    prepare()
    vectors = drawn.write_vectors("tiny")
    choose.main()
    first = (METRICS / "choose.json").read_bytes()
    test = files.read_npz(drawn.FOLDER / "split.npz")["test"]
    vectors[test] = np.nan
    np.save(drawn.FOLDER / "features/tiny/0.npy", vectors)
    choose.main()
    assert (METRICS / "choose.json").read_bytes() == first
    found = files.read_json(METRICS / "choose.json")
    assert found["selected_by"] == "cross_validation"
    assert "test" not in found["candidates"]["tiny/lda"]


def test_vectors_that_tell_nothing_are_no_better_than_the_majority_class(at):
    prepare()
    drawn.write_vectors("tiny", strength=0)
    choose.main()
    candidates = files.read_json(METRICS / "choose.json")["candidates"]
    score = candidates["tiny/logistic"]["cross_validation"]
    assert score["interval"][0] < 1 / 7 < score["interval"][1] + 0.05
    assert candidates["majority"]["cross_validation"]["loss"] is None
    prior = candidates["prior"]["cross_validation"]
    assert prior["loss"] == pytest.approx(np.log(7), abs=0.01)


def test_a_large_set_is_searched_and_fitted_in_part_where_all_would_take_long(
    at, monkeypatch
):
    searched_on = {}

    def best(self, folds):
        searched_on[self.name] = len(folds[0][0])
        return found_best(self, folds)

    found_best = choose.Search.best
    monkeypatch.setattr(choose.Search, "best", best)
    prepare(PARTS, classifiers=["logistic", "boosting", "rbf-svm"], largest=100)
    drawn.write_vectors("tiny")
    choose.main()
    assert searched_on["logistic"] == 168
    assert searched_on["boosting"] == searched_on["rbf-svm"] == 100
    found = files.read_json(METRICS / "choose.json")
    assert found["searched"] == 50  # of 84 faces, each with a view: 100 vectors
    assert found["candidates"]["tiny/logistic"]["images"] == 84
    assert found["candidates"]["tiny/boosting"]["images"] == 84
    assert found["candidates"]["tiny/rbf-svm"]["images"] == 50


def test_what_the_time_did_not_allow_is_named(at, monkeypatch):
    prepare(PARTS)
    drawn.write_vectors("tiny")
    moments = iter([0.0, 1.0, 2.0, 3.0, 1e9])
    monkeypatch.setattr(choose.time, "monotonic", lambda: next(moments))
    choose.main()
    candidates = files.read_json(METRICS / "choose.json")["candidates"]
    assert candidates["tiny/lda"]["verdict"] == "not tried: out of time"
    assert "val" in candidates["tiny/logistic"]


def assess_all():
    choose.main()
    assess.main()
    return files.read_json(METRICS / "assess.json")


def test_the_page_and_the_score_say_what_was_chosen(at):
    prepare(PARTS, classifiers=["logistic", "dense"])
    features.main("tiny")
    found = assess_all()
    report.main()
    page = (drawn.FOLDER / "report.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert f"{100 * found['best']['test']['accuracy']:.1f}%" in page
    brief = files.read_json(METRICS / "assess/score.json")
    assert brief["accuracy"] == found["best"]["test"]["accuracy"]
    assert sum(map(sum, found["best"]["confusion"])) == 21
    lines = algorithm_table.table(
        list(files.read_json(METRICS / "choose.json")["candidates"].values())
    )
    assert len(lines) == 2 + 4
    assert all(line.count("|") == lines[0].count("|") for line in lines)


def test_the_model_folder_predicts_what_the_test_score_says(at):
    prepare(PARTS, classifiers=["logistic"])
    features.main("tiny")
    found = assess_all()
    spec = model_spec.read_spec(drawn.FOLDER / "model")
    network = split_model.build("tiny", 0, drawn.FOLDER / "weights/tiny.h5")
    vectors = model_folder.pooled_vectors(network)
    images = files.read_npz(drawn.FOLDER / "faces.npz")
    data = dataset.read()
    logits = [
        model_folder.head_logits(spec.arrays, vectors(images["images"][face]))
        for face in data.test
    ]
    predicted = np.argmax(logits, axis=1)
    right = (predicted == data.labels[data.test]).mean()
    assert right == pytest.approx(found["model"]["test"]["accuracy"], abs=1e-5)
    assert spec.values["classes"] == list(EMOTIONS)
    assert spec.values["test"]["accuracy"] == found["model"]["test"]["accuracy"]


def test_where_the_best_is_no_head_the_folder_holds_the_best_head(at):
    prepare(PARTS, classifiers=["knn", "logistic"])
    features.main("tiny")
    choose.main()
    chosen = files.read_json(METRICS / "choose.json")
    chosen["candidates"]["tiny/knn"]["val"]["accuracy"] = 1.0
    files.write_json(METRICS / "choose.json", chosen)
    assess.main()
    found = files.read_json(METRICS / "assess.json")
    assert found["best"]["classifier"] == "knn"
    assert found["model"]["classifier"] == "logistic"
    assert not found["same"]
    report.main()
    assert "holds another" in (drawn.FOLDER / "report.html").read_text()


def test_without_any_head_there_is_no_model_and_the_error_says_what_to_add(at):
    prepare(PARTS, classifiers=["knn"])
    drawn.write_vectors("tiny")
    choose.main()
    with pytest.raises(InputError, match=r"Add `logistic` or `dense`"):
        assess.main()


MISTAKES = {
    "unknown backbone": ({"features": {"backbones": ["vgg"]}}, "must list one or more"),
    "a backbone twice": (
        {"features": {"backbones": ["openface", "openface"]}},
        "each once",
    ),
    "unknown classifier": ({"choose": {"classifiers": ["forest"]}}, "rbf-svm"),
    "no list": ({"choose": {"classifiers": "knn"}}, "must list one or more"),
    "misspelt": ({"views": {"nmber": 2}}, "Did you mean `views.number`"),
    "shares": ({"split": {"val": 0.5, "test": 0.5}}, "must leave faces for training"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_settings_is_an_error_that_names_it(at, name):
    changes, message = MISTAKES[name]
    drawn.write_settings(**changes)
    with pytest.raises(InputError, match=message):
        split.load_settings()
