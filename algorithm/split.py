"""Split the faces into a training, a validation and a test set, by person and by copy.

Reads   data/algorithm/faces.npz     images (F, 48, 48) uint8, labels (F,) uint8
        data/algorithm/faces.csv     of each face: photo, group (person), part
        data/algorithm/classes.json  the names of the classes
Params  split
Writes  data/algorithm/split.npz     train, val, test: sorted rows of faces.npz, int64;
                                     groups (F,) int64: faces that must stay together;
                                     test_has_duplicate: (len(test),) bool, a copy is in train
        metrics/algorithm/split.json faces per set and class, what the split goes by, leakage
                                     and what to mind
Source  the paper, section 6; scikit-learn's StratifiedGroupKFold

Sets that the data come with are kept. What they lack is split off so that no person and no
copy of an image, mirrored or not, is on two sides.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from algorithm.lib import faces
from algorithm.lib.settings import Split, load_settings
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import duplicates, groups

logger = logging.getLogger(__name__)

PARTS = ("train", "val", "test")
FEWEST = 3  # groups of a class: one for each set

Sets = dict[str, np.ndarray]


def check_classes(labels: np.ndarray, group: np.ndarray, classes: list[str]) -> None:
    """Raise an InputError if the faces are too few to be split, and say what is needed."""
    present = np.unique(labels)
    if len(present) < 2:
        raise InputError(
            f"All {len(labels)} faces are of one class ({', '.join(classes[c] for c in present)}), so "
            "there is nothing to tell apart. Add photos of another class."
        )
    if len(np.unique(group)) < FEWEST:
        raise InputError(
            f"The {len(labels)} faces are of {len(np.unique(group))} person(s) or photo(s): "
            f"training, validation and test need {FEWEST} at least, as nobody may be in two of "
            "them. Add photos of more people; or leave the people's names out, and then the "
            "score holds for these people alone."
        )
    for code in present:
        found = len(np.unique(group[labels == code]))
        if found < FEWEST:
            raise InputError(
                f"`{classes[code]}` is shown by {(labels == code).sum()} face(s) of {found} person(s) "
                f"or photo(s), and needs {FEWEST}: one each for training, validation and test. Add "
                f"photos of it, or leave it out (`gather.map: {{{classes[code]}: drop}}`)."
            )


def hold_out(
    rows: np.ndarray, labels: np.ndarray, group: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split off a share of the rows, about equal in each class, whole groups only.

    Of the folds of StratifiedGroupKFold, 1/share of them, the one nearest to the classes' shares.
    """
    num_folds = min(max(2, round(1 / share)), len(np.unique(group[rows])))
    shares = np.bincount(labels[rows], minlength=labels.max() + 1) / len(rows)

    def distance(fold: tuple[np.ndarray, np.ndarray]) -> float:
        counts = np.bincount(labels[rows[fold[1]]], minlength=len(shares))
        return float(np.abs(counts - share * len(rows) * shares).sum())

    cut = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    most = np.bincount(labels[rows]).max()
    if num_folds > most:  # scikit-learn needs a class with a face for each fold
        cut = StratifiedGroupKFold(int(most), shuffle=True, random_state=seed)
    kept, held = min(cut.split(rows, labels[rows], group[rows]), key=distance)
    return rows[kept], rows[held]


def split_rows(
    labels: np.ndarray, group: np.ndarray, part: np.ndarray, shares: Split
) -> Sets:
    """Take the sets that the data come with, and split off those that they lack."""
    given = {name: np.flatnonzero(part == name) for name in PARTS}
    if not len(given["train"]):
        given = {name: np.arange(0) for name in PARTS}
        given["train"] = np.arange(len(labels))
    if not len(given["test"]):
        given["train"], given["test"] = hold_out(
            given["train"], labels, group, shares.test, shares.seed
        )
        share = shares.val / (1 - shares.test)
    else:
        share = shares.val
    if not len(given["val"]):
        given["train"], given["val"] = hold_out(
            given["train"], labels, group, share, shares.seed
        )
    return given


def warnings(
    labels: np.ndarray, sets: Sets, classes: list[str], known: int
) -> list[str]:
    """Say what these sets cannot show."""
    found = []
    if known < len(labels):
        found.append(
            f"Who is shown is not known for {len(labels) - known} of {len(labels)} faces: the same "
            "person may be in training and test, and then the score is too good for other people."
        )
    for name in ("val", "test"):
        for code in sorted(set(labels.tolist()) - set(labels[sets[name]].tolist())):
            found.append(
                f"No face of the {name} set shows {classes[code]}: how well it is recognised cannot "
                "be known. Add photos of more people who show it."
            )
    if len(sets["test"]) < 100:
        found.append(
            f"The test set has {len(sets['test'])} faces: an accuracy on so few is off by up to "
            f"{98 / np.sqrt(max(1, len(sets['test']))):.0f} points by chance alone."
        )
    return found


def leakage(images: np.ndarray, people: np.ndarray, sets: Sets) -> dict[str, int]:
    """Count the test faces of which something is in the training set already."""
    train, test = sets["train"], sets["test"]
    exact = duplicates.groups(images)
    mirrored = duplicates.groups(groups.canonical(images))
    known = people[test] != ""
    return {
        "test_faces": len(test),
        "exact_copy_in_train": int(np.isin(exact[test], exact[train]).sum()),
        "copy_in_train_mirrored_or_not": int(
            np.isin(mirrored[test], mirrored[train]).sum()
        ),
        "person_in_train": int(np.isin(people[test][known], people[train]).sum()),
        "person_not_known": int((~known).sum()),
    }


def main() -> None:
    settings = load_settings()
    found = faces.read()
    labels, classes = found.labels, found.classes
    people, part = found.people, found.parts
    owner = groups.by_person(people, found.photos)
    copies = duplicates.groups(groups.canonical(found.images))
    group = groups.join(owner, copies)
    check_classes(labels, group, classes)
    sets = split_rows(labels, group, part, settings.split)
    for code in sorted(set(labels.tolist()) - set(labels[sets["train"]].tolist())):
        raise InputError(
            f"No face of the training set shows {classes[code]}, so it cannot be learned. Add "
            "photos of more people who show it, or set another `split.seed` in params.yaml."
        )
    said = warnings(labels, sets, classes, int((people != "").sum()))
    for one in said:
        logger.warning("%s", one)
    exact = duplicates.groups(found.images)
    has_duplicate = np.isin(exact[sets["test"]], exact[sets["train"]])
    files.write_npz(
        Path("data/algorithm/split.npz"),
        {**sets, "groups": group, "test_has_duplicate": has_duplicate},
    )
    metrics: dict[str, Any] = {
        name: faces.count(labels[rows], classes) for name, rows in sets.items()
    }
    metrics["by"] = _goes_by(part, people)
    metrics["val_given"] = bool((part == "val").any())
    metrics["people"] = len(set(people.tolist()) - {""})
    metrics["leakage"] = leakage(found.images, people, sets)
    metrics["warnings"] = said
    files.write_json(Path("metrics/algorithm/split.json"), metrics)


def _goes_by(part: np.ndarray, people: np.ndarray) -> str:
    if (part == "train").any():
        return "the sets that the data come with"
    return "person" if (people != "").any() else "photo"


if __name__ == "__main__":
    command.run(main)
