"""The search for a classifier's settings, and its score: held out, or by nested cross-validation."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from algorithm.lib import scores
from algorithm.lib.classifiers import CLASSIFIERS, grids, pipeline
from algorithm.lib.dataset import Dataset, Fold


@contextmanager
def _calmly() -> Iterator[None]:
    """Fit in one thread, so that the number of cores changes no bit, nor other programs the time.

    A regression that has not converged is scored as it is, like any other classifier.
    """
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


class Search(NamedTuple):
    """One classifier on one backbone's vectors."""

    name: str  # of the classifier
    vectors: np.ndarray  # (F + V, channels)
    data: Dataset
    num_classes: int
    folds: int
    seed: int

    def best(self, folds: Sequence[Fold]) -> dict[str, Any]:
        """Return the settings that are right most often over the folds."""
        tried = GridSearchCV(
            pipeline(self.name, self.seed),
            grids(self.name, min(len(fitted) for fitted, _ in folds)),
            cv=folds,
            refit=False,
            error_score="raise",
        )
        with _calmly():
            tried.fit(self.vectors, self.data.labels)
        return {
            key.removeprefix("classify__"): value
            for key, value in tried.best_params_.items()
        }

    def fit(self, settings: dict[str, Any], rows: np.ndarray) -> Pipeline:
        """Fit the classifier with these settings on some rows."""
        with _calmly():
            return pipeline(self.name, self.seed, settings).fit(
                self.vectors[rows], self.data.labels[rows]
            )

    def predict(self, fitted: Pipeline, faces: np.ndarray) -> np.ndarray:
        """Return the probabilities of some faces, (n, num_classes)."""
        return scores.probabilities(fitted, self.vectors[faces], self.num_classes)

    def score(
        self, fitted: Pipeline, faces: np.ndarray, shares: np.ndarray
    ) -> dict[str, Any]:
        """Score predictions; the majority class's 0 and 1 are no probabilities."""
        calibrated = scores.has_probabilities(fitted) and self.name != "majority"
        return scores.score(self.data.labels[faces], shares, calibrated)

    def held_out(self, searched: np.ndarray) -> dict[str, Any]:
        """Choose on the validation faces, among fits on `searched`; refit, and score the test.

        The refit is on every training face, unless that would take too long.
        """
        data = self.data
        settings = self.best([(data.rows(searched), data.val)])
        fitted_on = data.train if CLASSIFIERS[self.name].fits_all else searched
        fitted = self.fit(settings, data.rows(fitted_on))
        found = {"settings": settings, "images": len(fitted_on)}
        for part in ("val", "test"):
            rows = getattr(data, part)
            shares = self.predict(fitted, rows)
            found[part] = self.score(fitted, rows, shares)
        fresh = ~data.test_has_duplicate
        found["deduplicated"] = self.score(fitted, data.test[fresh], shares[fresh])
        return found

    def nested(self, searched: np.ndarray) -> dict[str, Any]:
        """Score by cross-validation in whose folds the settings are chosen by another one.

        The score is that of choosing and fitting: no face judges settings it helped to choose.
        """
        data, faces, shares = self.data, [], []
        for fitted_on, scored in data.folds(searched, self.folds, self.seed):
            inside = np.unique(data.face[fitted_on])
            settings = self.best(list(data.folds(inside, self.folds, self.seed)))
            fitted = self.fit(settings, fitted_on)
            faces.append(scored)
            shares.append(self.predict(fitted, scored))
        return {
            "settings": self.best(list(data.folds(searched, self.folds, self.seed))),
            "images": len(searched),
            "cross_validation": self.score(
                fitted, np.concatenate(faces), np.concatenate(shares)
            ),
        }
