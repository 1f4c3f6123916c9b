"""The comparison of classifiers on one data set: which are tried, how they score, which is best."""

import logging
import time
from collections.abc import Iterable, Sequence

from fer_transfer.classifiers.dataset import Dataset
from fer_transfer.classifiers.selection import Record, Selection
from fer_transfer.console.errors import InputError
from fer_transfer.settings.classifiers import BASELINES, PORTABLE
from fer_transfer.settings.searches import Choose

logger = logging.getLogger(__name__)

Records = dict[str, Record]


def selections(
    data: Dataset, classes: Sequence[str], settings: Choose, seed: int
) -> dict[str, Selection]:
    """Return what is compared: baselines, what a model can hold, then the others."""
    tried = sorted(settings.classifiers, key=lambda name: name not in PORTABLE)
    subset = data.subset(settings.largest, seed)
    return {
        name: Selection(name, data, classes, settings.folds, seed, subset)
        for name in (*BASELINES, *tried)
    }


def compare(compared: dict[str, Selection], minutes: int) -> Records:
    """Return a record per classifier; where there is no score, `skipped` says why.

    Raises:
        InputError: If there are too few faces for cross-validation.
    """
    first = next(iter(compared.values()))
    if not len(first.data.val) and not first.split(first.data.train):
        raise InputError(
            f"The {len(first.data.train)} faces outside the test set are too few to choose a "
            "classifier by cross-validation: at least one class needs faces of two people, or of "
            "two photos where people are not named. Add photos."
        )
    until = time.monotonic() + 60 * minutes
    records: Records = {}
    for name, selection in compared.items():
        if time.monotonic() > until:
            records[name] = {"skipped": "out of time"}
            continue
        try:
            records[name] = selection.record()
        except ValueError as error:  # scikit-learn's, where there are few faces
            records[name] = {"skipped": str(error)}
            logger.warning("%s: not tried: %s", name, error)
        else:
            score = records[name]["score"]
            accuracy, images = score["accuracy"], score["images"]
            logger.info("%s: accuracy %.3f of %d faces.", name, accuracy, images)
    return records


def best_of(records: Records, names: Iterable[str]) -> str:
    """Return the classifier with the highest accuracy among `names`.

    Raises:
        InputError: If none of them has a score.
    """
    scored = [name for name in names if "score" in records[name]]
    if not scored:
        reasons = {name: records[name]["skipped"] for name in names}
        raise InputError(
            f"No classifier could be fitted: {reasons}. Add training faces, or set more "
            "`choose.minutes` in params.yaml."
        )
    return max(scored, key=lambda name: float(records[name]["score"]["accuracy"]))
