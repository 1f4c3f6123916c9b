"""Two labellings of the same images: how far they agree, and which one a network agrees with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer_transfer.scoring.wilson import wilson_interval


def agreement(
    labels: np.ndarray, majority: np.ndarray, classes: Sequence[str]
) -> dict[str, Any]:
    """Say on how many images FER2013's labels are what most people see.

    A recogniser that always sees what most of ten people see would score no more than this
    share against FER2013's labels; what a network scores above it is agreement with this
    set's labelling.

    Args:
        labels: FER2013's codes, shape (N,).
        majority: FER+'s codes of the same images, shape (N,); below 0 where it has none.
        classes: The classes, in the order of their codes.

    Returns:
        images: how many have a majority; share: of those, whose two labels are the same;
        interval: Wilson's, of 95 %; emotions: the same for the images that FER2013 gives
        each label. A share of no images is None.
    """
    known = majority >= 0
    labels, same = labels[known], labels[known] == majority[known]
    emotions = {
        emotion: _share(same[labels == code]) for code, emotion in enumerate(classes)
    }
    return {**_share(same), "emotions": emotions}


def score_run(
    predicted: np.ndarray, labels: np.ndarray, majority: np.ndarray
) -> dict[str, Any]:
    """Score predictions against both labellings, on the images that both label.

    Args:
        predicted: A network's codes, shape (N,).
        labels: FER2013's codes, shape (N,).
        majority: FER+'s codes, shape (N,); below 0 where it has none.

    Returns:
        ferplus, fer2013: images, share (accuracy) and interval (Wilson's, of 95 %).
        disputed: on the images where the two differ, how many there are, and the shares on
        which the network sides with either; on the rest it agrees with neither.
    """
    known = majority >= 0
    predicted, labels, majority = predicted[known], labels[known], majority[known]
    as_majority, as_labels = predicted == majority, predicted == labels
    disputed = labels != majority
    return {
        "ferplus": _share(as_majority),
        "fer2013": _share(as_labels),
        "disputed": {
            "images": int(disputed.sum()),
            "ferplus": _share(as_majority[disputed])["share"],
            "fer2013": _share(as_labels[disputed])["share"],
        },
    }


def compare(
    labels: np.ndarray,
    majority: np.ndarray,
    split: Mapping[str, np.ndarray],
    predictions: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> dict[str, Any]:
    """Compare the two labellings, and every run's predictions with both.

    Args:
        labels: FER2013's codes of all images, shape (N,).
        majority: FER+'s codes, shape (N,); below 0 where it has none.
        split: test: rows, (n,), and test_has_duplicate: (n,) bool.
        predictions: By run, the codes predicted for the test images, (n,) in their order.
        classes: The classes, in the order of their codes.

    Returns:
        agreement: on all images, on the test set and on its part without an exact
        duplicate in train. runs: by run, on the same two parts of the test set.
    """
    test, fresh = split["test"], ~split["test_has_duplicate"]
    test_labels, test_majority = labels[test], majority[test]
    return {
        "agreement": {
            "all": agreement(labels, majority, classes),
            "test": agreement(test_labels, test_majority, classes),
            "deduplicated": agreement(
                test_labels[fresh], test_majority[fresh], classes
            ),
        },
        "runs": {
            run: {
                "test": score_run(predicted, test_labels, test_majority),
                "deduplicated": score_run(
                    predicted[fresh], test_labels[fresh], test_majority[fresh]
                ),
            }
            for run, predicted in predictions.items()
        },
    }


def _share(hits: np.ndarray) -> dict[str, Any]:
    return {
        "images": len(hits),
        "share": float(hits.mean()) if len(hits) else None,
        "interval": wilson_interval(int(hits.sum()), len(hits)),
    }
