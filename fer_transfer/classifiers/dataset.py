"""What classifiers are fitted and scored on: vectors of faces and views, labels, sets."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from fer_transfer.augmentation.views import sets
from fer_transfer.core import files
from fer_transfer.features.feature_store import open_features
from fer_transfer.settings.searches import Search

Fold = tuple[np.ndarray, np.ndarray]  # rows to fit on, faces to score

HIDDEN = -1  # the label of a test face: only `assess` reads it


class Dataset(NamedTuple):
    """N faces and V views of training faces; a face's number is its row, views follow.

    Attributes:
        vectors: (N + V, channels) float32.
        labels: (N + V,) int64; HIDDEN for test faces.
        face: (N + V,) int64, the face that each row shows.
        groups: (N,) int64, faces that must stay together.
        train, val, test: the faces of each set, sorted, as `sets` returns them.
    """

    vectors: np.ndarray
    labels: np.ndarray
    face: np.ndarray
    groups: np.ndarray
    train: np.ndarray
    val: np.ndarray
    test: np.ndarray

    def rows(self, chosen: np.ndarray) -> np.ndarray:
        """Return the rows of some faces and of their views, sorted."""
        return np.flatnonzero(np.isin(self.face, chosen))

    def subset(self, largest: int, seed: int) -> np.ndarray:
        """Return training faces that have about `largest` rows, views included.

        The same share of each class, and one face of each at least; all faces if they have
        no more rows than that.
        """
        share = largest / len(self.rows(self.train))
        if share >= 1:
            return self.train
        order = np.random.default_rng(seed).permutation(self.train)
        parts = []
        for code in np.unique(self.labels[order]):
            of_class = order[self.labels[order] == code]
            parts.append(of_class[: max(1, round(share * len(of_class)))])
        return np.sort(np.concatenate(parts))

    def folds(self, chosen: np.ndarray, number: int, seed: int) -> list[Fold]:
        """Split faces into folds for cross-validation, whole groups only.

        Fitted are faces and their views, scored are faces alone. Fewer folds where there are
        fewer groups; none where all faces are of one group.
        """
        labels, groups = self.labels[chosen], self.groups[chosen]
        number = min(number, len(np.unique(groups)), int(np.bincount(labels).max()))
        if number < 2:
            return []
        splitter = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
        # A class may have fewer faces than folds.
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            parts = list(splitter.split(chosen, labels, groups))
        return [
            (self.rows(chosen[fitted]), chosen[scored])
            for fitted, scored in parts
            if len(fitted) and len(scored)
        ]


def read(name: str, search: Search, labels: np.ndarray) -> Dataset:
    """Read what a search needs; `labels` (N,) are those of all faces."""
    split = files.read_npz(Path(f"data/splits/{search.split}.npz"))
    folder = Path("data/views") / name
    shown = files.read_npz(folder / "views.npz")["face"]
    features = open_features(Path("data/features") / search.variant)
    labels = labels.astype(np.int64)
    labels[split["test"]] = HIDDEN
    return Dataset(
        vectors=np.concatenate([*features, *open_features(folder)]),
        labels=np.concatenate([labels, labels[shown]]),
        face=np.concatenate([np.arange(len(labels)), shown]),
        groups=split["groups"],
        **sets(split),
    )
