"""What `evaluate` wrote of the runs that params.yaml lists."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.core import files
from fer_transfer.settings.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """One run's results."""

    history: pd.DataFrame
    test: dict[str, Any]
    predicted: np.ndarray  # (n_test,) codes
    split: str


def read(settings: Settings, num_test: dict[str, int]) -> dict[str, Result]:
    """Read the runs of params.yaml that have results of this study.

    `num_test` is how many test images each split has.
    """
    results = {}
    for name, run in settings.runs.items():
        history = Path(f"plots/history/{name}.csv")
        test = Path(f"metrics/test/{name}.json")
        predicted = Path(f"plots/predictions/{name}.txt")
        if not all(path.is_file() for path in (history, test, predicted)):
            continue
        result = Result(
            files.read_csv(history),
            files.read_json(test),
            files.read_codes(predicted),
            run.split,
        )
        # A study that is run in part can hold files of an earlier one: FER2013's beside
        # the synthetic faces', or of fewer epochs.
        found = (len(result.history), len(result.predicted))
        wanted = (settings.train.epochs, num_test[run.split])
        if found == wanted:
            results[name] = result
        else:
            logger.warning(
                "Leaving out %s: it has %d epochs and %d test images, this study has "
                "%d and %d. Run `dvc repro evaluate@%s`.",
                *(name, *found, *wanted, name),
            )
    return results


def find_repeats(results: Mapping[str, Result]) -> dict[str, str]:
    """Name the runs whose history and predictions equal those of an earlier one, and that one."""
    first: dict[tuple[bytes, bytes], str] = {}
    found = {}
    for name, result in results.items():
        outputs = result.history.to_numpy().tobytes(), result.predicted.tobytes()
        other = first.setdefault(outputs, name)
        if other != name:
            found[name] = other
    return found
