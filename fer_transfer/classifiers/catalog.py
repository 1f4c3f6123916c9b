"""The classifiers that are compared, all of scikit-learn, and the settings tried.

Vectors are standardised by the training vectors' mean and deviation. Simple settings come first,
as the first of equally accurate settings is chosen.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

Grid = dict[str, list[Any]]

EPOCHS = 20
MIN_STEPS = 300  # of Adam: on few vectors, more epochs


class DenseLayers(MLPClassifier):
    """Softmax on top of hidden layers (ReLU), trained by Adam.

    Source: the paper, section 6 (its algorithm adds dense layers to a frozen backbone).
    """

    def fit(self, X: np.ndarray, y: np.ndarray) -> "DenseLayers":  # noqa: N803  # its names
        """Train on vectors (n, channels) and labels (n,)."""
        steps = math.ceil(len(y) / self.batch_size)
        self.max_iter = max(EPOCHS, math.ceil(MIN_STEPS / steps))
        fitted: DenseLayers = super().fit(X, y)
        return fitted


@dataclass(frozen=True)
class Classifier:
    """A classifier and the settings that are tried."""

    make: Callable[[int], Any]  # seed -> a scikit-learn classifier
    grid: Grid = field(default_factory=dict)
    # Or on a subset, as a fit takes minutes on 50,000 vectors.
    searches_all: bool = True
    fits_all: bool = True  # or on a subset, as that fit would take hours


CLASSIFIERS = {
    "majority": Classifier(lambda _: DummyClassifier(strategy="most_frequent")),
    "prior": Classifier(lambda _: DummyClassifier(strategy="prior")),
    "dense": Classifier(
        lambda seed: DenseLayers(batch_size=64, random_state=seed),
        {
            "hidden_layer_sizes": [(), (64,), (128,), (64, 64), (128, 128)],
            "alpha": [1.0, 10.0],
        },
    ),
    "logistic": Classifier(
        lambda _: LogisticRegression(max_iter=500),
        {"C": [1e-3, 1e-2, 0.1, 1.0, 10.0]},
    ),
    "linear-svm": Classifier(
        lambda seed: LinearSVC(dual=False, random_state=seed),
        {"C": [1e-5, 1e-4, 1e-3, 1e-2]},
    ),
    # Its time grows with the square of the vectors, or faster.
    "rbf-svm": Classifier(
        lambda _: SVC(break_ties=True),
        {"C": [1.0, 3.0, 10.0]},
        searches_all=False,
        fits_all=False,
    ),
    "knn": Classifier(
        lambda _: KNeighborsClassifier(weights="distance"),
        {"n_neighbors": [1, 5, 15, 45]},
    ),
    "lda": Classifier(
        lambda _: LinearDiscriminantAnalysis(solver="lsqr"),
        {"shrinkage": [0.5, 0.1, "auto"]},
    ),
    "boosting": Classifier(
        lambda seed: HistGradientBoostingClassifier(
            max_features=0.1, early_stopping=False, random_state=seed
        ),
        {"max_iter": [50, 150], "max_leaf_nodes": [7, 15]},
        searches_all=False,
    ),
}


def pipeline(name: str, seed: int, settings: dict[str, Any] | None = None) -> Pipeline:
    """Return a classifier, after standardisation, with settings of its grids."""
    classifier = CLASSIFIERS[name].make(seed).set_params(**(settings or {}))
    return Pipeline([("scale", StandardScaler()), ("classify", classifier)])


def grid(name: str, smallest: int) -> Grid:
    """Return the grid of a classifier's pipeline, for folds of `smallest` vectors or more."""
    values = dict(CLASSIFIERS[name].grid)
    if "n_neighbors" in values:
        values["n_neighbors"] = [
            number for number in values["n_neighbors"] if number <= max(1, smallest)
        ]
    return {f"classify__{key}": tried for key, tried in values.items()}
