"""What a study's stages left behind: its faces, its splits, and what `evaluate` wrote of each run."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces, votes
from fer_transfer.results import record
from fer_transfer.settings.settings import Settings

logger = logging.getLogger(__name__)

LABELS = Path("data/faces/faces.csv"), Path("data/faces/classes.json")


@dataclass(frozen=True)
class Split:
    """The sets of one split, as rows of the data set."""

    val: np.ndarray  # (n_val,)
    test: np.ndarray  # (n_test,)
    has_duplicate: np.ndarray  # (n_test,) bool: an exact duplicate is in train
    examples: np.ndarray  # a test image of each class

    @property
    def validates_on_test(self) -> bool:
        """Tell whether validation and test are the same images."""
        return np.array_equal(self.val, self.test)


@dataclass(frozen=True)
class Data:
    """The labelled faces of the study, without their pixels."""

    name: str
    classes: tuple[str, ...]
    labels: np.ndarray  # (N,) codes
    majority: np.ndarray | None  # (N,) codes that most people see; below 0: none
    splits: Mapping[str, Split]

    @property
    def paper_split(self) -> str:
        """The split that the paper's tables are compared on: the first listed."""
        return next(iter(self.splits))

    def fresh(self, split: str) -> np.ndarray:
        """Return the rows of the test images without a duplicate in train."""
        sets = self.splits[split]
        return np.asarray(sets.test[~sets.has_duplicate])


def read_data(settings: Settings, *, with_votes: bool = False) -> Data:
    """Read what is known of the faces, and their splits."""
    known = faces.read(votes=with_votes)
    splits = {}
    for name in settings.splits:
        arrays = files.read_npz(Path(f"data/splits/{name}.npz"))
        splits[name] = Split(
            arrays["val"],
            arrays["test"],
            arrays["test_has_duplicate"],
            arrays["examples"],
        )
    majority = None
    if known.votes is not None:
        majority = votes.majority(known.votes, known.classes)
    return Data(known.name, known.classes, known.labels, majority, splits)


@dataclass(frozen=True)
class Result:
    """One run's results."""

    history: pd.DataFrame
    test: dict[str, Any]
    predicted: np.ndarray  # (n_test,) codes


def read_results(settings: Settings) -> tuple[dict[str, Result], dict[str, str]]:
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


def read_table(name: str) -> pd.DataFrame:
    """Read the table of runs (`results`) or of `groups` that `tabulate` wrote."""
    table = files.read_csv(Path(f"plots/study/{name}.csv"))
    empty = {"class": ""} if "class" in table else {}
    return table.astype(dict.fromkeys(empty, object)).fillna(empty)


def first_runs(
    ran: Mapping[str, Mapping[str, int]], names: Iterable[str]
) -> dict[str, str]:
    """Name the first run of each of these groups that has results.

    >>> first_runs({"a": {"a-43": 43, "a-44": 44}}, ["a", "b"])
    {'a': 'a-43'}
    """
    return {name: next(iter(ran[name])) for name in names if name in ran}


def read_each(folder: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Read the JSON of each name that has one in a folder of metrics/."""
    paths = {name: Path(f"metrics/{folder}/{name}.json") for name in names}
    return {
        name: files.read_json(path) for name, path in paths.items() if path.is_file()
    }


@dataclass(frozen=True)
class Example:
    """A test image of a class: its row, and its probabilities by class, a column per group."""

    row: int
    probabilities: pd.DataFrame


def read_examples(data: Data, runs: Mapping[str, str]) -> dict[str, Example]:
    """Read the example of each class that the test images show, by class.

    `runs` names the run of each group whose probabilities are read.

    Raises:
        InputError: If a run's are of other images, because it belongs to another split.
    """
    rows = data.splits[data.paper_split].examples
    shares = {}
    for group, run in runs.items():
        path = Path(f"plots/examples/{run}.csv")
        table = files.read_csv(path)
        if table["row"].tolist() != rows.tolist():
            raise InputError(
                f"{path} belongs to another split: expected the images {rows.tolist()}, got "
                f"{table['row'].tolist()}. Run `dvc repro evaluate@{run}`."
            )
        shares[group] = table[list(data.classes)]
    return {
        data.classes[data.labels[row]]: Example(
            row, pd.DataFrame({group: table.loc[n] for group, table in shares.items()})
        )
        for n, row in enumerate(rows)
    }
