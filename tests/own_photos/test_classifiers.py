import warnings

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from algorithm.lib import dense, model, scores, verdicts
from algorithm.lib.classifier_names import BASELINES, CLASSIFIERS
from algorithm.lib.classifiers import CLASSIFIERS as MADE
from algorithm.lib.classifiers import grids, pipeline
from fer_transfer.recognise import model_folder, model_spec
from fer_transfer.scoring.significance import wilson_interval

# In one thread: under other programs OpenMP waits more than it works.
threadpool_limits(1)

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 4, 400)
VECTORS = (3 + 5 * RANDOM.normal(size=(400, 6))).astype(np.float32)
VECTORS[:, :4] += 8 * np.eye(4, dtype=np.float32)[LABELS]


@pytest.fixture
def short(monkeypatch):
    """Train dense layers a moment: enough where it does not matter what they learn."""
    monkeypatch.setattr(dense, "EPOCHS", 2)
    monkeypatch.setattr(dense, "LEAST_STEPS", 2)


@pytest.mark.parametrize("name", MADE)
def test_every_classifier_gives_a_distribution_over_all_classes(name):
    fitted = pipeline(name, 1).fit(VECTORS, LABELS)
    shares = scores.probabilities(fitted, VECTORS, 5)  # the fifth was never seen
    assert shares.shape == (400, 5)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (shares[:, 4] == 0).all()
    if name not in BASELINES:
        assert (shares.argmax(axis=1) == LABELS).mean() > 0.6
        assert (shares.argmax(axis=1) == fitted.predict(VECTORS)).all()


@pytest.mark.parametrize("name", MADE)
def test_two_classes_are_told_apart_as_well(name, short):
    two = LABELS < 2
    fitted = pipeline(name, 1).fit(VECTORS[two], LABELS[two])
    shares = scores.probabilities(fitted, VECTORS[two], 2)
    assert (shares.argmax(axis=1) == fitted.predict(VECTORS[two])).all()


def test_the_settings_name_the_classifiers_that_there_are():
    assert set(MADE) == {*CLASSIFIERS, *BASELINES}


@pytest.mark.parametrize("name", MADE)
def test_every_setting_of_a_grid_is_one_of_its_classifier(name):
    for grid in grids(name, 100):
        pipeline(name, 1).set_params(**{key: values[0] for key, values in grid.items()})
        assert all(values for values in grid.values())


def test_no_more_neighbours_are_asked_for_than_there_are():
    assert grids("knn", 10) == [{"classify__n_neighbors": [1, 5]}]


def test_without_hidden_layers_it_is_logistic_regression():
    scaled = StandardScaler().fit_transform(VECTORS)
    ours = dense.DenseLayers(layers=0, dropout=0.0, learning_rate=0.05).fit(
        scaled, LABELS
    )
    theirs = LogisticRegression(C=1e6).fit(scaled, LABELS)
    ours_loss = log_loss(LABELS, ours.predict_proba(scaled))
    assert ours_loss == pytest.approx(
        log_loss(LABELS, theirs.predict_proba(scaled)), abs=0.02
    )


def test_dense_layers_learn_what_no_plane_parts():
    points = RANDOM.normal(size=(600, 2))
    labels = (points[:, 0] * points[:, 1] > 0).astype(int)
    found = dense.DenseLayers(layers=2, dropout=0.0, learning_rate=0.01)
    assert (found.fit(points, labels).predict(points) == labels).mean() > 0.9


def test_the_seed_decides_what_dense_layers_learn(short):
    first, same, other = (
        dense.DenseLayers(layers=1, units=4, seed=seed).fit(VECTORS, LABELS)
        for seed in (1, 1, 2)
    )
    assert (first.predict_proba(VECTORS) == same.predict_proba(VECTORS)).all()
    assert (first.predict_proba(VECTORS) != other.predict_proba(VECTORS)).any()


HEADS = {
    "logistic": {"C": 1.0},
    "dense-0": {"layers": 0},
    "dense-1": {"layers": 1, "units": 8},
    "dense-2": {"layers": 2, "units": 8},
}


@pytest.mark.parametrize("name", HEADS)
def test_a_model_folder_says_what_the_fitted_head_says(name, short):
    fitted = pipeline(name.partition("-")[0], 1, HEADS[name]).fit(VECTORS, LABELS)
    head = model.arrays(model.head_layers(fitted, 4))
    logits = np.stack([model_folder.head_logits(head, one) for one in VECTORS])
    found = softmax(logits, axis=1)
    assert found == pytest.approx(fitted.predict_proba(VECTORS), abs=1e-4)


def test_a_logistic_regression_of_two_classes_becomes_a_head_of_two():
    two = LABELS < 2
    fitted = pipeline("logistic", 1).fit(VECTORS[two], LABELS[two])
    head = model.arrays(model.head_layers(fitted, 2))
    found = softmax(model_folder.head_logits(head, VECTORS[0]))
    assert found == pytest.approx(fitted.predict_proba(VECTORS[:1])[0], abs=1e-5)


def test_a_class_that_the_head_never_saw_has_no_probability():
    fitted = pipeline("logistic", 1).fit(VECTORS, LABELS + 1)
    head = model.arrays(model.head_layers(fitted, 5))
    assert softmax(model_folder.head_logits(head, VECTORS[0]))[0] == 0


SPEC = {
    "classes": ["a", "b", "c", "d"],
    "backbone": "mobilenet",
    "backbone_sha256": "0",
    "temperature": 1.0,
    "test": {"set": "x", "images": 1, "accuracy": 1.0, "interval": [0.2, 1.0]},
    "probe": [],
}


@pytest.mark.parametrize(("layers", "form"), [(0, 1), (1, 1), (2, 2), (3, 2)])
def test_a_folder_has_the_oldest_format_that_can_hold_it(layers, form, tmp_path, short):
    fitted = pipeline("dense", 1, {"layers": layers, "units": 4}).fit(VECTORS, LABELS)
    head = model.arrays(model.head_layers(fitted, 4))
    model_spec.write_spec(tmp_path / "model", SPEC, head)
    found = model_spec.read_spec(tmp_path / "model")
    assert found.values["format"] == f"fer-transfer model {form}"
    assert len(found.arrays) == 2 * (layers + 1)


def test_scores_are_scikit_learns_and_wilsons():
    shares = softmax(RANDOM.normal(size=(400, 4)) + 2 * np.eye(4)[LABELS], axis=1)
    found = scores.score(LABELS, shares, calibrated=True)
    predicted = shares.argmax(axis=1)
    right = int((predicted == LABELS).sum())
    assert found["accuracy"] == right / 400
    assert found["interval"] == wilson_interval(right, 400)
    assert found["macro_recall"] == pytest.approx(
        balanced_accuracy_score(LABELS, predicted)
    )
    assert found["loss"] == pytest.approx(log_loss(LABELS, shares))


def test_no_faces_have_no_score():
    assert scores.score(np.arange(0), np.empty((0, 4)), True)["accuracy"] is None


def row(name, accuracy, low, high):
    return {
        "classifier": name,
        "val": {"accuracy": accuracy, "interval": [low, high]},
    }


def test_overlapping_intervals_are_too_few_to_tell():
    rows = [
        row("majority", 0.2, 0.15, 0.25),
        row("lda", 0.6, 0.55, 0.65),
        row("knn", 0.5, 0.45, 0.56),
        row("dense", 0.4, 0.35, 0.45),
        row("boosting", 0.22, 0.17, 0.27),
        {"classifier": "rbf-svm"},
    ]
    assert verdicts.judge(rows) == [
        verdicts.USELESS,
        verdicts.BEST,
        verdicts.UNDECIDED,
        verdicts.WORSE,
        verdicts.USELESS,
        verdicts.SKIPPED,
    ]


def test_fitting_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("lda", "knn", "logistic"):
            pipeline(name, 1).fit(VECTORS, LABELS)
