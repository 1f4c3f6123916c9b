"""Sets of rows for training, validation and test, and what they leak or cannot show."""

from functools import partial

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from fer_transfer.console.errors import InputError
from fer_transfer.data.faces import PARTS

Sets = dict[str, np.ndarray]
Given = dict[str, np.ndarray | None]

FEW_TEST_FACES = 100


def stratified(labels: np.ndarray, val: float, test: float, seed: int) -> Sets:
    """Split rows of `labels` (N,) at random into disjoint sets, each class in proportion."""
    # Whole numbers, because scikit-learn rounds a share up: of 35,887 images
    # test_size=0.2 takes 7,178, and the paper reports 7,177.
    num_val, num_test = round(val * len(labels)), round(test * len(labels))
    draw = partial(train_test_split, random_state=seed)
    rows = np.arange(len(labels))
    try:
        rest, held_out = draw(rows, test_size=num_test, stratify=labels)
        train, validation = draw(rest, test_size=num_val, stratify=labels[rest])
    except ValueError as error:
        raise InputError(
            f"{len(labels)} images cannot be split into sets of {num_val} for validation "
            f"and {num_test} for the test with every class in each: {error} Use more "
            "images, or other shares (`splits` in params.yaml)."
        ) from None
    return {
        "train": np.sort(train),
        "val": np.sort(validation),
        "test": np.sort(held_out),
    }


def given(part: np.ndarray) -> Given:
    """Return the rows of the sets that the data come with, None for a set that they lack."""
    rows = {name: np.flatnonzero(part == name) for name in PARTS}
    if not len(rows["train"]):
        raise InputError(
            "A split by parts needs data that say which faces are for training, and these do "
            "not. Set `by` of this split in params.yaml to `random` or `person`, or remove it."
        )
    return {name: found if len(found) else None for name, found in rows.items()}


def complete(
    given: Given,
    labels: np.ndarray,
    group: np.ndarray,
    shares: dict[str, float | None],
    seed: int,
) -> Sets:
    """Split off the sets that are missing from the training rows, whole groups only.

    Args:
        given: The rows of each set, or None.
        labels: Codes, (N,).
        group: (N,); rows with the same number stay in one set.
        shares: Of all rows, for `val` and `test`.
        seed: Of the folds.
    """
    train = given["train"]
    assert train is not None
    sets: Sets = {}
    for name in ("test", "val"):
        rows = given[name]
        if rows is None:
            share = shares[name]
            if share is None:
                raise InputError(
                    f"The data come without a {name} set. Give this split in params.yaml a share "
                    f"to split off: `{name}: 0.1`; or remove the split if no run uses it."
                )
            size = share * len(labels) / len(train)
            train, rows = hold_out(train, labels, group, size, seed)
        sets[name] = rows
    return {"train": train, "val": sets["val"], "test": sets["test"]}


def hold_out(
    rows: np.ndarray, labels: np.ndarray, group: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split off a share of the rows, about equal in each class, whole groups only.

    Of the 1/share folds of StratifiedGroupKFold it is the one nearest to the classes' shares.

    Raises:
        InputError: If a class has too few groups to be on both sides.
    """
    for code in np.unique(labels[rows]):
        if len(np.unique(group[rows[labels[rows] == code]])) < 2:
            raise InputError(
                f"Class number {code} has faces of one person or photo only, so they cannot be "
                "both in training and in a set that is held out. Add photos of more people who "
                "show it, or leave the class out (`data.map` in params.yaml)."
            )
    most = int(np.bincount(labels[rows]).max())
    num_folds = min(max(2, round(1 / share)), len(np.unique(group[rows])), most)
    folds = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    expected = share * np.bincount(labels[rows], minlength=labels.max() + 1)

    def distance(fold: tuple[np.ndarray, np.ndarray]) -> float:
        counts = np.bincount(labels[rows[fold[1]]], minlength=len(expected))
        return float(np.abs(counts - expected).sum())

    kept, held_out = min(folds.split(rows, labels[rows], group[rows]), key=distance)
    return rows[kept], rows[held_out]


def check_classes(
    labels: np.ndarray, sets: Sets, classes: tuple[str, ...], name: str
) -> None:
    """Raise an InputError if the training set lacks a class or the sets have one class only."""
    present = np.unique(labels)
    if len(present) < 2:
        raise InputError(
            f"All {len(labels)} faces are of one class ({classes[present[0]]}). Add photos of "
            "another class."
        )
    missing = [classes[code] for code in np.setdiff1d(present, labels[sets["train"]])]
    if missing:
        raise InputError(
            f"The training set of split `{name}` has no face of {', '.join(missing)}. Use more "
            "images of it, or set another seed or other shares in params.yaml."
        )


def warnings(labels: np.ndarray, sets: Sets, classes: tuple[str, ...]) -> list[str]:
    """Say what the sets cannot show."""
    found = [
        f"No face of the {name} set shows {classes[code]}: how well it is recognised cannot be "
        "measured."
        for name in ("val", "test")
        for code in np.setdiff1d(labels, labels[sets[name]])
    ]
    if len(sets["test"]) < FEW_TEST_FACES:
        points = 98 / np.sqrt(max(1, len(sets["test"])))
        found.append(
            f"The test set has {len(sets['test'])} faces: the margin of error of an accuracy is up "
            f"to {points:.0f} points."
        )
    return found


def shared(key: np.ndarray, sets: Sets, unknown: object = None) -> int:
    """Count the test rows whose key, (N,), is also in training; `unknown` is no key."""
    test = key[sets["test"]]
    return int((np.isin(test, key[sets["train"]]) & (test != unknown)).sum())


def examples(
    labels: np.ndarray,
    test: np.ndarray,
    has_duplicate: np.ndarray,
    num_classes: int,
    seed: int,
) -> np.ndarray:
    """Choose a test row of each class that has one: without a duplicate in train if possible."""
    random = np.random.default_rng(seed)
    chosen = []
    for code in range(num_classes):
        rows = test[labels[test] == code]
        fresh = test[(labels[test] == code) & ~has_duplicate]
        if len(rows):
            chosen.append(random.choice(fresh if len(fresh) else rows))
    return np.array(chosen, dtype=np.int64)
