"""The classifiers that are compared, scikit-learn's and dense layers, and the settings tried.

Vectors are standardised by the training vectors' mean and deviation. Simple settings come first,
as the first of equally accurate settings is chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from fer_transfer.classifiers.dense import DenseLayers

Grid = dict[str, list[Any]]


@dataclass(frozen=True)
class Classifier:
    """A classifier and the settings that are tried."""

    make: Callable[[int], Any]  # seed -> a scikit-learn classifier
    grids: list[Grid] = field(default_factory=lambda: [{}])
    searches_all: bool = (
        True  # or on a subset, as a fit takes minutes on 50,000 vectors
    )
    fits_all: bool = True  # or on a subset, as that fit would take hours


CLASSIFIERS = {
    "majority": Classifier(lambda _: DummyClassifier(strategy="most_frequent")),
    "prior": Classifier(lambda _: DummyClassifier(strategy="prior")),
    "dense": Classifier(
        lambda seed: DenseLayers(seed=seed),
        [
            {"layers": [0], "dropout": [0.0, 0.5], "learning_rate": [1e-3]},
            {
                "layers": [1, 2],
                "units": [64, 128],
                "dropout": [0.5],
                "learning_rate": [1e-3],
            },
            {
                "layers": [1],
                "units": [128],
                "dropout": [0.5],
                "learning_rate": [1e-4],
            },
        ],
    ),
    "logistic": Classifier(
        lambda _: LogisticRegression(max_iter=500),
        [{"C": [1e-3, 1e-2, 0.1, 1.0, 10.0]}],
    ),
    "linear-svm": Classifier(
        lambda seed: LinearSVC(dual=False, random_state=seed),
        [{"C": [1e-5, 1e-4, 1e-3, 1e-2]}],
    ),
    # Its time grows with the square of the vectors, or faster.
    "rbf-svm": Classifier(
        lambda _: SVC(break_ties=True),
        [{"C": [1.0, 3.0, 10.0]}],
        searches_all=False,
        fits_all=False,
    ),
    "knn": Classifier(
        lambda _: KNeighborsClassifier(weights="distance"),
        [{"n_neighbors": [1, 5, 15, 45]}],
    ),
    "lda": Classifier(
        lambda _: LinearDiscriminantAnalysis(solver="lsqr"),
        [{"shrinkage": [0.5, 0.1, "auto"]}],
    ),
    "boosting": Classifier(
        lambda seed: HistGradientBoostingClassifier(
            max_features=0.1, early_stopping=False, random_state=seed
        ),
        [{"max_iter": [50, 150], "max_leaf_nodes": [7, 15]}],
        searches_all=False,
    ),
}


def pipeline(name: str, seed: int, settings: dict[str, Any] | None = None) -> Pipeline:
    """Return a classifier, after standardisation, with settings of its grids."""
    classifier = CLASSIFIERS[name].make(seed).set_params(**(settings or {}))
    return Pipeline([("scale", StandardScaler()), ("classify", classifier)])


def grids(name: str, smallest: int) -> list[Grid]:
    """Return the grids of a classifier's pipeline, for folds of `smallest` vectors or more."""
    return [
        {
            f"classify__{key}": [
                value
                for value in values
                if key != "n_neighbors" or value <= max(1, smallest)
            ]
            for key, values in grid.items()
        }
        for grid in CLASSIFIERS[name].grids
    ]
