"""Vectors, labels and sets together: what classifiers are fitted and scored on."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from algorithm.lib import faces
from fer_transfer.core import files
from fer_transfer.features.feature_store import open_features

FOLDER = Path("data/algorithm")

Fold = tuple[np.ndarray, np.ndarray]  # rows to fit on, faces to score


class Dataset(NamedTuple):
    """The faces' labels and sets. A face is the row of its vector; the views' rows follow."""

    labels: np.ndarray  # (F + V,): those of the faces, then those of the views
    face: np.ndarray  # (F + V,): the face that each row shows
    groups: np.ndarray  # (F,)
    train: np.ndarray  # faces; sorted, as are val and test
    val: np.ndarray
    test: np.ndarray
    test_has_duplicate: np.ndarray  # (len(test),) bool

    def rows(self, faces: np.ndarray) -> np.ndarray:
        """Return the rows of some faces and of their views, sorted."""
        return np.flatnonzero(np.isin(self.face, faces))

    def subset(self, largest: int, seed: int) -> np.ndarray:
        """Return training faces whose rows are about `largest`, or all: stratified."""
        share = largest / len(self.rows(self.train))
        if share >= 1:
            return self.train
        labels = self.labels[self.train]
        fewest = len(np.unique(labels))  # one of each class at least
        chosen, _ = train_test_split(
            self.train,
            train_size=max(fewest, round(share * len(self.train))),
            stratify=labels,
            random_state=seed,
        )
        return np.sort(chosen)

    def folds(self, chosen: np.ndarray, number: int, seed: int) -> Iterator[Fold]:
        """Split faces into folds, whole groups only, for cross-validation.

        What is fitted on are faces and their views; what is scored are faces alone.
        """
        labels, groups = self.labels[chosen], self.groups[chosen]
        number = min(number, len(np.unique(groups)), int(np.bincount(labels).max()))
        cut = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
        for fitted, scored in cut.split(chosen, labels, groups):
            yield self.rows(chosen[fitted]), chosen[scored]


def read() -> Dataset:
    """Read the labels and the sets."""
    labels = faces.read().labels
    split = files.read_npz(FOLDER / "split.npz")
    views = files.read_npz(FOLDER / "views.npz")["face"]
    return Dataset(
        labels=np.concatenate([labels, labels[views]]),
        face=np.concatenate([np.arange(len(labels)), views]),
        **split,
    )


def read_vectors(backbone: str) -> np.ndarray:
    """Read a backbone's vectors (F + V, channels) into memory."""
    return np.array(open_features(FOLDER / "features" / backbone)[0])
