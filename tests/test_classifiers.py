from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from fer_transfer.augmentation.views import sets
from fer_transfer.classifiers import assessment, comparison, head
from fer_transfer.classifiers.catalog import CLASSIFIERS, grid, pipeline
from fer_transfer.classifiers.dataset import HIDDEN, Dataset
from fer_transfer.classifiers.selection import Selection
from fer_transfer.console.errors import InputError
from fer_transfer.settings.classifiers import BASELINES, TITLES
from fer_transfer.settings.searches import Choose

# In one thread: under other programs OpenMP waits more than it works.
threadpool_limits(1)

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 4, 400)
VECTORS = (3 + 5 * RANDOM.normal(size=(400, 6))).astype(np.float32)
VECTORS[:, :4] += 8 * np.eye(4, dtype=np.float32)[LABELS]
NAMES = ("a", "b", "c", "d", "e")


def dataset(
    labels=LABELS, vectors=VECTORS, groups=None, num_test=0, num_val=0, views=0
):
    """Return the last faces as test set, those before as validation set; views repeat a face."""
    num_faces = len(labels)
    faces = np.arange(num_faces)
    train, val, test = np.split(
        faces, [num_faces - num_test - num_val, num_faces - num_test]
    )
    shown = np.repeat(train, views)
    labels = np.where(np.isin(faces, test), HIDDEN, labels)
    return Dataset(
        vectors=np.concatenate([vectors, vectors[shown]]),
        labels=np.concatenate([labels, labels[shown]]),
        face=np.concatenate([faces, shown]),
        groups=faces if groups is None else groups,
        train=train,
        val=val,
        test=test,
    )


def select(name, data, subset=None):
    return Selection(name, data, NAMES, 3, 1, data.train if subset is None else subset)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("num_classes", [2, 4])
def test_every_classifier_predicts_a_distribution_and_no_class_it_has_not_seen(
    name, num_classes
):
    present = np.isin(LABELS, range(num_classes))
    chosen = select(name, dataset(LABELS[present], VECTORS[present]))
    fitted = chosen.fit({}, chosen.data.train)
    probabilities = chosen.predict(fitted, chosen.data.train)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert (probabilities[:, num_classes:] == 0).all()
    predicted = probabilities.argmax(axis=1)
    if name not in BASELINES:
        assert (predicted == fitted.predict(VECTORS[present])).all()
        assert (predicted == LABELS[present]).mean() > 0.6


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_has_a_title_and_settings_that_it_takes(name):
    tried = grid(name, 100)
    pipeline(name, 1).set_params(**{key: values[0] for key, values in tried.items()})
    assert set(TITLES) == set(CLASSIFIERS)


HEADS = {"logistic": {"C": 1.0}, "lda": {"shrinkage": 0.1}, "linear-svm": {"C": 0.01}}
HEADS |= {f"dense {n}": {"hidden_layer_sizes": (8,) * n} for n in (0, 2)}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(
    "labels", [LABELS, LABELS % 2, LABELS + 1], ids=["4", "2", "unseen"]
)
def test_a_head_gives_the_probabilities_of_the_fitted_classifier(name, labels):
    chosen = select(name.split()[0], dataset(labels))
    fitted = chosen.fit(HEADS[name], chosen.data.train)
    *hidden, (kernel, bias) = head.layers_of(fitted, 5)
    vectors = VECTORS
    for inner, shift in hidden:
        vectors = np.maximum(vectors @ inner + shift, 0)
    probabilities = softmax(vectors @ kernel + bias, axis=1)
    expected = chosen.predict(fitted, chosen.data.train)
    assert probabilities == pytest.approx(expected, abs=1e-4)


def test_validation_faces_choose_as_scikit_learns_grid_search():
    data = dataset(num_val=100, num_test=50, views=1)
    record = select("logistic", data).record()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        {"logisticregression__C": [1e-3, 1e-2, 0.1, 1.0, 10.0]},
        cv=[(data.rows(data.train), data.val)],
        refit=False,
    ).fit(data.vectors, data.labels)
    assert record["settings"] == {"C": search.best_params_["logisticregression__C"]}
    assert record["score"]["accuracy"] == pytest.approx(search.best_score_)
    assert record["score"]["images"] == record["temperature"]["images"] == 100
    assert record["faces"] == 250


def test_without_validation_faces_cross_validation_scores_every_training_face():
    data = dataset(num_test=50, views=1)
    record = select("lda", data).record()
    assert record["score"]["images"] == record["temperature"]["images"] == 350
    vectors = data.vectors.copy()
    vectors[data.test] = np.nan  # not looked at
    assert select("lda", data._replace(vectors=vectors)).record() == record


@pytest.mark.parametrize("num_val", [999, 1000])
def test_validation_faces_are_for_training_where_they_are_too_few_to_choose_by(num_val):
    split = {
        "train": np.arange(0, 4000, 2),
        "val": 1 + 2 * np.arange(num_val),
        "test": np.arange(4000, 5000),
    }
    used = sets(split)
    assert len(used["val"]) == (1000 if num_val == 1000 else 0)
    assert len(used["train"]) + len(used["val"]) == 2000 + num_val
    assert (np.diff(used["train"]) > 0).all()


def test_too_few_faces_for_cross_validation_are_an_error_before_anything_is_fitted():
    data = dataset(np.array([0, 1, 2]), VECTORS[:3])
    compared = comparison.selections(data, NAMES, Choose(), 1)
    with pytest.raises(InputError, match="needs faces of two people"):
        comparison.compare(compared, 60)


def test_a_class_that_a_fold_has_not_fitted_says_nothing_of_the_temperature():
    groups = np.where(LABELS == 3, 400, np.arange(400))  # all of one person
    record = select("logistic", dataset(groups=groups)).record()
    assert record["temperature"]["images"] == (LABELS != 3).sum()
    assert record["temperature"]["value"] < 2


def test_nested_cross_validation_scores_chance_where_vectors_tell_nothing():
    noise = np.random.default_rng(20).normal(size=(400, 6)).astype(np.float32)
    data = dataset(vectors=noise)
    low, high = select("lda", data).record()["score"]["interval"]
    assert low < 0.25 < high  # three in ten have the most frequent label


def test_folds_are_scikit_learns_and_hold_no_view_or_person_of_the_other_side():
    labels, people = RANDOM.integers(0, 3, 60), RANDOM.integers(0, 12, 60)
    data = dataset(labels, VECTORS[:60], people, views=2)
    expected = StratifiedGroupKFold(4, shuffle=True, random_state=5)
    for (rows, scored), (_, held_out) in zip(
        data.folds(data.train, 4, 5),
        expected.split(labels, labels, people),
        strict=True,
    ):
        assert (scored == held_out).all()
        assert len(rows) == 3 * (60 - len(scored))
        assert not set(people[data.face[rows]]) & set(people[scored])


@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=5),
    st.integers(0, 3),
    st.integers(1, 300),
)
def test_a_subset_has_a_face_of_each_class_and_about_as_many_rows_as_asked_for(
    counts, views, largest
):
    labels = np.repeat(np.arange(len(counts)), counts)
    data = dataset(labels, VECTORS[: len(labels)], views=views)
    chosen = data.subset(largest, 1)
    assert set(labels[chosen]) == set(labels)
    allowed = largest + len(counts) * (1 + views)
    assert len(data.rows(chosen)) <= allowed
    if largest >= len(data.labels):
        assert len(chosen) == len(labels)


def test_slow_classifiers_are_searched_on_a_subset_and_the_slowest_fitted_on_it(
    monkeypatch,
):
    searched = {}
    best_settings = Selection.best_settings

    def spy(self, folds):
        searched.setdefault(self.classifier, len(folds[0][0]))
        return best_settings(self, folds)

    monkeypatch.setattr(Selection, "best_settings", spy)
    data = dataset(num_val=100, views=1)
    subset = data.subset(100, 1)
    faces = {
        name: select(name, data, subset).record()["faces"]
        for name in ("logistic", "boosting", "rbf-svm")
    }
    assert searched == {"logistic": 600, "boosting": 100, "rbf-svm": 100}
    assert faces == {"logistic": 300, "boosting": 300, "rbf-svm": 50}


def test_what_the_time_did_not_allow_says_so(monkeypatch):
    moments = iter([0.0, 1.0, 2.0, 3.0, 1e9])
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr(comparison, "time", clock)
    data = dataset()
    compared = comparison.selections(
        data, NAMES, Choose(folds=2, classifiers=["knn", "logistic"]), 1
    )
    records = comparison.compare(compared, 60)
    assert list(records) == ["majority", "prior", "logistic", "knn"]
    assert records["knn"] == {"skipped": "out of time"}
    assert comparison.best_of(records, ["knn", "logistic"]) == "logistic"


def record(accuracy, low, high):
    return {"score": {"accuracy": accuracy, "interval": [low, high]}}


def test_verdicts_compare_the_candidates_of_all_searches_by_their_intervals():
    baseline = {"majority": record(0.2, 0.15, 0.25)}
    first = {"lda": record(0.6, 0.55, 0.65), "dense": record(0.4, 0.35, 0.45)}
    second = {
        "knn": record(0.5, 0.45, 0.56),
        "boosting": record(0.22, 0.17, 0.27),
        "rbf-svm": {"skipped": "out of time"},
    }
    roles = {"variant": "v", "backbone": "b", "best": "lda", "model": "dense"}
    searches = {
        "one": {**roles, "candidates": baseline | first},
        "two": {**roles, "candidates": baseline | second},
    }
    rows = assessment.candidates(searches)
    assert {row["classifier"]: row["verdict"] for row in rows} == {
        "lda": "best",
        "knn": "not significantly worse",
        "dense": "worse",
        "boosting": "no better than the majority class",
        "majority": "no better than the majority class",
        "rbf-svm": "not tried: out of time",
    }
    assert assessment.best_of(rows, "model", searches)["classifier"] == "dense"
