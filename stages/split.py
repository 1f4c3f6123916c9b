"""Split the images into a training, a validation and a test set.

Reads   data/labels.npz     labels (N,) uint8, groups of identical images (N,) int64, usages
Params  split
Writes  data/split.npz      train, val, test: sorted rows of images.npz, int64;
                            test_has_duplicate: (len(test),) bool, an exact duplicate is in train;
                            examples: (7,) int64, the test image of Figures 11-17
        metrics/split.json  images per set and emotion, and test images with a duplicate in train
Source  the paper, section 3.1 (70/10/20, stratified, random_state = 42); or the competition's
        own sets (Goodfellow et al. 2013), on which most published results rest
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS, USAGES
from fer_transfer.settings.settings import Split, load_settings


def split_rows(labels: np.ndarray, shares: Split) -> dict[str, np.ndarray]:
    """Split the rows of `labels` (N,) into disjoint sets, each emotion in proportion."""
    # Whole numbers, because scikit-learn rounds a share up: of 35,887 images
    # test_size=0.2 takes 7,178, and the paper reports 7,177.
    num_val = round(shares.val * len(labels))
    num_test = round(shares.test * len(labels))

    draw = partial(train_test_split, random_state=shares.seed)
    rows = np.arange(len(labels))
    try:
        rest, test = draw(rows, test_size=num_test, stratify=labels)
        train, val = draw(rest, test_size=num_val, stratify=labels[rest])
    except ValueError as error:
        raise InputError(
            f"{len(labels)} images cannot be split into sets of {num_val} for validation "
            f"and {num_test} for the test with every emotion in each: {error} Use more "
            "images, or other shares (`split` in params.yaml)."
        ) from None
    sets = {"train": np.sort(train), "val": np.sort(val), "test": np.sort(test)}
    _check_emotions(labels, sets)
    return sets


def official_rows(labels: np.ndarray, usages: np.ndarray) -> dict[str, np.ndarray]:
    """Take the competition's sets: Training, PublicTest for validation, PrivateTest as test."""
    if set(usages.tolist()) != set(USAGES):
        found = ", ".join(sorted(set(usages.tolist())))
        raise InputError(
            f"`split.by` in params.yaml is `official`, which needs images of {', '.join(USAGES)}. "
            f"This copy of FER2013 has {found}. Set `data.source` to fer2013.csv, which says of "
            "each image to which set it belongs, or `split.by` to `random`."
        )
    sets = {
        name: np.flatnonzero(usages == usage)
        for name, usage in zip(("train", "val", "test"), USAGES, strict=True)
    }
    _check_emotions(labels, sets)
    return sets


def _check_emotions(labels: np.ndarray, sets: dict[str, np.ndarray]) -> None:
    for name, part in sets.items():
        for code in set(range(len(EMOTIONS))) - set(labels[part].tolist()):
            raise InputError(
                f"The {name} set of {len(part)} images has none that shows {EMOTIONS[code]}, of "
                f"which there are {(labels == code).sum()} in all. Every emotion must be in every "
                "set: use more images of it, or set another `split` in params.yaml."
            )


def choose_examples(
    labels: np.ndarray, test: np.ndarray, has_duplicate: np.ndarray, seed: int
) -> np.ndarray:
    """Choose one test image per emotion, (7,): without a duplicate in train where there is one."""
    random = np.random.default_rng(seed)
    chosen = []
    for code in range(len(EMOTIONS)):
        rows = test[labels[test] == code]
        fresh = test[(labels[test] == code) & ~has_duplicate]
        chosen.append(random.choice(fresh if len(fresh) else rows))
    return np.array(chosen)


def count(labels: np.ndarray) -> dict[str, int]:
    """Count the images, in all and of each emotion."""
    numbers = np.bincount(labels, minlength=len(EMOTIONS)).tolist()
    return {"total": len(labels), **dict(zip(EMOTIONS, numbers, strict=True))}


def main() -> None:
    settings = load_settings()
    images = files.read_npz(Path("data/labels.npz"))
    labels, group = images["labels"], images["groups"]
    if settings.split.by == "official":
        rows = official_rows(labels, images["usages"])
    else:
        rows = split_rows(labels, settings.split)
    has_duplicate = np.isin(group[rows["test"]], group[rows["train"]])
    examples = choose_examples(labels, rows["test"], has_duplicate, settings.split.seed)
    files.write_npz(
        Path("data/split.npz"),
        {**rows, "test_has_duplicate": has_duplicate, "examples": examples},
    )
    counts: dict[str, Any] = {name: count(labels[part]) for name, part in rows.items()}
    counts["test_with_duplicate_in_train"] = int(has_duplicate.sum())
    files.write_json(Path("metrics/split.json"), counts)


if __name__ == "__main__":
    command.run(main)
