"""What `evaluate` wrote of the runs that params.yaml lists."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.results import record
from fer_transfer.settings.settings import Settings

logger = logging.getLogger(__name__)

LABELS = Path("data/faces/faces.csv"), Path("data/faces/classes.json")


@dataclass(frozen=True)
class Result:
    """One run's results."""

    history: pd.DataFrame
    test: dict[str, Any]
    predicted: np.ndarray  # (n_test,) codes
    split: str


def read(settings: Settings) -> tuple[dict[str, Result], dict[str, str]]:
    """Read the runs of params.yaml that have current results; say why others are stale.

    Raises:
        InputError: If all that have results are stale: tables of nothing would replace those
            that are there.
    """
    recorded = record.read()
    results: dict[str, Result] = {}
    stale: dict[str, str] = {}
    for name, run in settings.runs.items():
        history = Path(f"plots/history/{name}.csv")
        test = Path(f"metrics/test/{name}.json")
        predicted = Path(f"plots/predictions/{name}.txt")
        paths = (history, test, predicted)
        if not all(path.is_file() for path in paths):
            continue
        stage = f"evaluate@{name}"
        read_too = [*LABELS, Path(f"data/splits/{run.split}.npz")]
        why = record.why_stale(stage, settings, recorded, [*paths, *read_too])
        if why:
            logger.warning("Leaving out %s: %s. Run `dvc repro %s`.", name, why, stage)
            stale[name] = why
        else:
            results[name] = Result(
                files.read_csv(history),
                files.read_json(test),
                files.read_codes(predicted),
                run.split,
            )
    if stale and not results:
        raise InputError(
            "No run has results of the current settings and data. Run `dvc repro`, or restore "
            "what changed."
        )
    return results, stale


def read_study(settings: Settings) -> dict[str, Any]:
    """Read what the tables rest on.

    Raises:
        InputError: If `tabulate` ran with other settings.
    """
    entry = record.read().entries.get("tabulate", {})
    if why := record.changed_setting(settings, entry):
        raise InputError(
            f"The tables are stale: {why}. Run `dvc repro -f -s tabulate plot report`."
        )
    study: dict[str, Any] = files.read_json(Path("metrics/study/study.json"))
    return study


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
