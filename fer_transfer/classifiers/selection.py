"""The choice of a classifier's settings, scored on validation faces or by nested cross-validation.

Source: Varma and Simon, "Bias in error estimation when using cross-validation for model
selection", BMC Bioinformatics 7 (2006).
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from fer_transfer.classifiers.catalog import CLASSIFIERS, grid, pipeline
from fer_transfer.classifiers.dataset import Dataset, Fold
from fer_transfer.scoring import calibration, scores
from fer_transfer.scoring.wilson import wilson_interval

Record = dict[str, Any]


class Selection(NamedTuple):
    """One classifier on one data set.

    Attributes:
        classifier: Its name in the catalog.
        data: What it is fitted and scored on.
        classes: The names of the classes.
        folds: Of cross-validation, outer and inner.
        seed: Of folds and fits.
        subset: The training faces on which a slow classifier is searched and fitted.
    """

    classifier: str
    data: Dataset
    classes: Sequence[str]
    folds: int
    seed: int
    subset: np.ndarray

    def record(self) -> Record:
        """Choose settings and score the choice.

        Returns:
            settings; faces: how many it is to be fitted on; score: of faces that the settings
            were fitted without; temperature: what calibrates it, by the same faces.

        Raises:
            ValueError: If scikit-learn cannot fit the classifier on so few faces.
        """
        if len(self.data.val):
            rows = self.data.rows(self.searched_on)
            settings = self.best_settings([(rows, self.data.val)])
            scored = self.data.val
            probabilities = self.predict(self.refit(settings), scored)
            seen = np.full(len(scored), True)
        else:
            folds = zip(*self.nested(), strict=True)
            scored, probabilities, seen = map(np.concatenate, folds)
            settings = self.best_settings(self.split(self.searched_on))
        labels = self.data.labels[scored]
        return {
            "settings": settings,
            "faces": len(self.fitted_on),
            "score": summarize(labels, probabilities, self.classes),
            "temperature": calibration.cautious_temperature(
                labels[seen], probabilities[seen]
            ),
        }

    @property
    def searched_on(self) -> np.ndarray:
        """The training faces by which settings are chosen."""
        searches_all = CLASSIFIERS[self.classifier].searches_all
        return self.data.train if searches_all else self.subset

    @property
    def fitted_on(self) -> np.ndarray:
        """The training faces that the classifier is fitted on."""
        fits_all = CLASSIFIERS[self.classifier].fits_all
        return self.data.train if fits_all else self.subset

    def refit(self, settings: dict[str, Any]) -> Pipeline:
        """Fit the classifier on all faces that it may be fitted on, and their views."""
        return self.fit(settings, self.data.rows(self.fitted_on))

    def nested(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Predict each face by settings and a fit that have seen nothing of its fold.

        Yields:
            Of each fold the faces (n,), their probabilities (n, classes), and whether the fit has
            seen their class, as a class that it has not has probability 0 at any temperature.
        """
        for rows, held_out in self.split(self.searched_on):
            settings = self.best_settings(self.split(np.unique(self.data.face[rows])))
            seen = np.isin(self.data.labels[held_out], self.data.labels[rows])
            yield held_out, self.predict(self.fit(settings, rows), held_out), seen

    def split(self, faces: np.ndarray) -> list[Fold]:
        """Return the folds of some training faces."""
        return self.data.folds(faces, self.folds, self.seed)

    def best_settings(self, folds: list[Fold]) -> dict[str, Any]:
        """Return the settings with the highest mean accuracy over the folds.

        The first ones where no fold has two classes to tell apart.
        """
        usable = [fold for fold in folds if self.num_present(fold[0]) > 1]
        smallest = min((len(rows) for rows, _ in usable), default=1)
        tried = grid(self.classifier, smallest)
        best = {name: values[0] for name, values in tried.items()}
        if usable:
            search = GridSearchCV(
                pipeline(self.classifier, self.seed),
                tried,
                cv=usable,
                refit=False,
                error_score="raise",
            )
            with single_threaded():
                best = search.fit(self.data.vectors, self.data.labels).best_params_
        return {name.removeprefix("classify__"): value for name, value in best.items()}

    def fit(self, settings: dict[str, Any], rows: np.ndarray) -> Pipeline:
        """Fit the classifier on some rows; where these have one class, it predicts that one."""
        if self.num_present(rows) > 1:
            unfitted = pipeline(self.classifier, self.seed, settings)
        else:
            unfitted = pipeline("majority", self.seed)
        with single_threaded():
            return unfitted.fit(self.data.vectors[rows], self.data.labels[rows])

    def predict(self, fitted: Pipeline, faces: np.ndarray) -> np.ndarray:
        """Return the probabilities of some faces, (n, classes) float64.

        Without probabilities of its own, a classifier gets the softmax of its decision
        function. A class that it has not seen has probability 0.
        """
        vectors = self.data.vectors[faces]
        probabilities = np.zeros((len(faces), len(self.classes)))
        if hasattr(fitted, "predict_proba"):
            probabilities[:, fitted.classes_] = fitted.predict_proba(vectors)
            return probabilities
        decision = fitted.decision_function(vectors)
        if decision.ndim == 1:  # two classes: one number, for the second
            decision = np.stack([np.zeros_like(decision), decision], axis=1)
        probabilities[:, fitted.classes_] = softmax(decision, axis=1)
        return probabilities

    def num_present(self, rows: np.ndarray) -> int:
        """Count the classes of some rows."""
        return len(np.unique(self.data.labels[rows]))


def summarize(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> Record:
    """Return images (their number), accuracy, its Wilson interval (95%) and macro F1."""
    score = scores.score(labels, probabilities, classes)
    right = int((probabilities.argmax(axis=1) == labels).sum())
    return {
        "images": score["images"],
        "accuracy": score["accuracy"],
        "interval": wilson_interval(right, score["images"]),
        "macro_f1": score["macro_f1"],
    }


@contextmanager
def single_threaded() -> Iterator[None]:
    """Fit in one thread, so that the number of cores changes no bit.

    scikit-learn's warnings, of a regression that has not converged or a class with one face,
    are left out: such a classifier is scored as it is, like any other.
    """
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
