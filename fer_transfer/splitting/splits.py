"""Sets of rows for training, validation and test, and what they leak or cannot show."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from fer_transfer.console.errors import InputError
from fer_transfer.data.faces import PARTS

Sets = dict[str, np.ndarray]

FEW_TESTED = 100  # people or photos


def stratified(labels: np.ndarray, val: float | None, test: float, seed: int) -> Sets:
    """Split rows of `labels` (N,) at random into disjoint sets, each class in proportion.

    Without `val` there are two sets, as behind the paper's tables: the test set, which is the
    same with and without `val`, is the validation set too.
    """
    # Whole numbers, because scikit-learn rounds a share up: of 35,887 images
    # test_size=0.2 takes 7,178, and the paper reports 7,177.
    num_val, num_test = round((val or 0) * len(labels)), round(test * len(labels))
    draw = partial(train_test_split, random_state=seed)
    rows = np.arange(len(labels))
    try:
        train, held_out = draw(rows, test_size=num_test, stratify=labels)
        sets = {"train": train, "val": held_out, "test": held_out}
        if val:
            shares = draw(train, test_size=num_val, stratify=labels[train])
            sets["train"], sets["val"] = shares
    except ValueError as error:
        raise InputError(
            f"{len(labels)} images cannot be split into sets of {num_val} for validation "
            f"and {num_test} for the test with every class in each: {error} Use more "
            "images, or other shares (`splits` in params.yaml)."
        ) from None
    return {name: np.sort(drawn) for name, drawn in sets.items()}


def from_parts(part: np.ndarray) -> Sets:
    """Return the rows of the sets that the data come with, by each face's part, (N,) str."""
    sets = {name: np.flatnonzero(part == name) for name in PARTS if name in part}
    if sets and (number := np.count_nonzero(~np.isin(part, PARTS))):
        raise InputError(
            f"{number} of {len(part)} faces have no part, so they would be in no set. Name their "
            "parts, or set another `by` of this split in params.yaml."
        )
    if "train" not in sets:
        raise InputError(
            "A split by parts needs data that say which faces are for training, and these do "
            "not. Set `by` of this split in params.yaml to `random` or `person`, or remove it."
        )
    return sets


def complete(
    sets: Sets,
    labels: np.ndarray,
    group: np.ndarray,
    shares: dict[str, float | None],
    seed: int,
    classes: Sequence[str],
) -> Sets:
    """Split off the sets that are missing from the training rows, whole groups only.

    Args:
        sets: The rows of the training set, and of the others that there are.
        labels: Codes, (N,).
        group: (N,); rows with the same number stay in one set.
        shares: Of all rows, for `val` and `test`.
        seed: Of what is drawn.
        classes: The names of the codes.

    Raises:
        InputError: If a share is missing, or a class has too few groups to be in two sets.
    """
    for name in ("test", "val"):
        if name in sets:
            continue
        share, train = shares[name], sets["train"]
        if share is None:
            raise InputError(
                f"The data come without a {name} set. Give this split in params.yaml a share "
                f"to split off: `{name}: 0.1`; or remove the split if no run uses it."
            )
        if name == "test":
            _check_groups(labels[train], group[train], classes)
        num_kept = 2 if name == "test" and "val" not in sets else 1
        size = share * len(labels) / len(train)
        train, rows = hold_out(train, labels, group, size, seed, num_kept)
        sets = sets | {"train": train, name: rows}
    return {name: sets[name] for name in PARTS}


def _check_groups(labels: np.ndarray, group: np.ndarray, names: Sequence[str]) -> None:
    """Raise an InputError for classes whose faces are all of one group."""
    num_groups = pd.Series(group).groupby(labels).nunique()
    alone = [names[code] for code in num_groups.index[num_groups < 2]]
    if alone:
        raise InputError(
            f"{', '.join(alone)}: shown by one person or in one photo only, so not in two sets. Add "
            "photos of three or more people, or leave it out (`data.map` in params.yaml)."
        )


def hold_out(
    rows: np.ndarray,
    labels: np.ndarray,
    group: np.ndarray,
    share: float,
    seed: int,
    num_kept: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Split off a share of the rows, about equal in each class, whole groups only.

    Args:
        rows: What is split.
        labels: Codes of all rows, (N,).
        group: Groups of all rows, (N,).
        share: Of `rows`.
        seed: Of the order of the groups, by which ties are broken.
        num_kept: Groups of each class that stay if it has more; one stays in any case.
    """
    names, number = np.unique(group[rows], return_inverse=True)
    number = np.random.default_rng(seed).permutation(len(names))[number]
    counts = pd.crosstab(number, labels[rows]).to_numpy()
    num_groups = (counts > 0).sum(axis=0)
    wanted = np.maximum(share * counts.sum(axis=0), 1)
    spare = num_groups - np.clip(num_groups - 1, 1, num_kept)
    held_out = np.zeros(len(names), dtype=bool)
    while (best := _next_group(counts, held_out, wanted, spare)) is not None:
        held_out[best] = True
    is_held_out = held_out[number]
    return rows[~is_held_out], rows[is_held_out]


def _next_group(
    counts: np.ndarray, held_out: np.ndarray, wanted: np.ndarray, spare: np.ndarray
) -> int | None:
    """Return the group that brings the classes nearest to what is wanted; None if none does.

    Groups of classes none of whose rows is held out yet come first, near or not.

    Args:
        counts: Rows by group and class, (G, K).
        held_out: Whether a group is held out already, (G,) bool.
        wanted: Rows of each class to be held out, (K,).
        spare: Groups of each class that may be held out, (K,).
    """
    so_far = counts[held_out].sum(axis=0)
    is_used_up = (counts[held_out] > 0).sum(axis=0) >= spare
    allowed = ~held_out & ~counts[:, is_used_up].any(axis=1)
    adds_class = allowed & counts[:, so_far == 0].any(axis=1)
    groups = np.flatnonzero(adds_class if adds_class.any() else allowed)
    distances = np.abs(wanted - so_far - counts[groups]).sum(axis=1)
    nearest = distances.min(initial=np.inf)
    if nearest >= np.abs(wanted - so_far).sum() and not adds_class.any():
        return None
    return int(groups[distances.argmin()])


def check_classes(
    labels: np.ndarray, sets: Sets, classes: tuple[str, ...], name: str
) -> None:
    """Raise an InputError if the sets cannot be trained on, or no temperature fitted on `val`."""
    missing = [classes[code] for code in np.setdiff1d(labels, labels[sets["train"]])]
    if missing:
        raise InputError(
            f"The training set of split `{name}` has no face of {', '.join(missing)}. Use more "
            "images of it, or set another seed or other shares in params.yaml."
        )
    if len(np.unique(labels[sets["val"]])) < 2:
        raise InputError(
            f"The {len(sets['val'])} validation faces of split `{name}` do not show two classes, "
            "which calibration needs. Add photos: at least two classes need three people each."
        )


def warnings(
    labels: np.ndarray, sets: Sets, classes: tuple[str, ...], group: np.ndarray
) -> list[str]:
    """Say what the sets, and searches on them, cannot show."""
    messages = []
    if np.array_equal(sets["val"], sets["test"]):
        messages.append(
            "The validation images are the test images, as behind the paper's tables: nothing "
            "may be chosen by them, and no temperature fitted."
        )
    if len(np.unique(group[np.concatenate([sets["train"], sets["val"]])])) < 2:
        messages.append(
            "All faces outside the test set are of one person: no search can cross-validate here."
        )
    messages += [
        f"No face of the test set shows {classes[code]}: how well it is recognised cannot be measured."
        for code in np.setdiff1d(labels, labels[sets["test"]])
    ]
    faces, people = len(sets["test"]), len(np.unique(group[sets["test"]]))
    if people < FEW_TESTED:
        points, by_person = 98 / np.sqrt(np.maximum(1, [faces, people]))
        messages.append(
            f"The test set has {faces} faces of {people} people or photos: the margin of error of "
            f"an accuracy is up to {points:.0f} points, or {by_person:.0f} if counted by person."
        )
    return messages


def shared(key: np.ndarray, sets: Sets) -> int:
    """Count the test rows whose key, (N,), is also in training."""
    return int(np.isin(key[sets["test"]], key[sets["train"]]).sum())


def examples(
    labels: np.ndarray, test: np.ndarray, has_duplicate: np.ndarray, seed: int
) -> np.ndarray:
    """Choose a test row of each class that has one: without a duplicate in train if possible."""
    random = np.random.default_rng(seed)
    chosen = []
    for code in np.unique(labels[test]):
        shows = labels[test] == code
        fresh = test[shows & ~has_duplicate]
        chosen.append(random.choice(fresh if len(fresh) else test[shows]))
    return np.array(chosen, dtype=np.int64)
