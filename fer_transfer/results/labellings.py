"""Two labellings of the same images: how far they agree, and which one a network agrees with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer_transfer.recognise import metadata


def compare(
    labels: np.ndarray,
    majority: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> dict[str, Any]:
    """Compare the labellings of test images, and every run's predictions with both.

    A classifier that always predicts the annotators' majority would score exactly this agreement
    by FER2013's labels; any higher score reflects agreement with this set's labelling.

    Args:
        labels: FER2013's codes, shape (n,).
        majority: FER+'s codes, shape (n,); below 0 where it has none: left out.
        predictions: By run, its codes, (n,).
        classes: The classes, in the order of their codes.

    Returns:
        agreement: metadata.score of the majority against the labels. runs: by run and labelling,
        on what share of the images it agrees, and on what share of those where the two differ.
    """
    has_majority = majority >= 0
    labels, majority = labels[has_majority].astype(int), majority[has_majority]
    disputed = labels != majority

    def agreed(predicted: np.ndarray, codes: np.ndarray) -> dict[str, float | None]:
        hits = predicted[has_majority] == codes
        parts = {"share": hits, "disputed": hits[disputed]}
        return {key: float(of.mean()) if len(of) else None for key, of in parts.items()}

    return {
        "agreement": metadata.score("FER+", classes, labels, majority),
        "runs": {
            run: {
                "fer2013": agreed(predicted, labels),
                "ferplus": agreed(predicted, majority),
            }
            for run, predicted in predictions.items()
        },
    }
