"""Read what the stages wrote: the faces, the splits, and what `evaluate` wrote of each run."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.results import record
from fer_transfer.results.protocols import groups
from fer_transfer.settings.settings import Settings

logger = logging.getLogger(__name__)

# The columns of the tables that hold no numbers.
NAMES = ["run", "group", "network", "weights", "split", "metric", "set"]
NAMES += ["actual", "predicted"]
LABELS = Path("data/faces/faces.csv"), Path("data/faces/classes.json")


Split = Mapping[str, np.ndarray]  # what `split` writes in data/splits, by name


@dataclass(frozen=True)
class Data:
    """The labelled faces of the study, without their pixels."""

    classes: tuple[str, ...]
    labels: np.ndarray  # (N,) codes
    splits: Mapping[str, Split]

    @property
    def paper_split(self) -> str:
        """The split that the paper's tables are compared on: the first listed."""
        return next(iter(self.splits))

    def deduplicated(self, split: str) -> np.ndarray:
        """Return the rows of the test images without a duplicate in train."""
        sets = self.splits[split]
        return sets["test"][~sets["test_has_duplicate"]]

    def validates_on_test(self, split: str) -> bool:
        """Tell whether validation and test are the same images."""
        return np.array_equal(self.splits[split]["val"], self.splits[split]["test"])


def read_data(settings: Settings) -> Data:
    """Read what is known of the faces, and their splits.

    Raises:
        InputError: If a split is missing.
    """
    known = faces.read()
    paths = {name: Path(f"data/splits/{name}.npz") for name in settings.splits}
    if missing := [path for path in paths.values() if not path.is_file()]:
        raise InputError(f"There is no {missing[0]}. Run `dvc repro split`.")
    splits = {name: files.read_npz(path) for name, path in paths.items()}
    return Data(known.classes, known.labels, splits)


@dataclass(frozen=True)
class Result:
    """One run's results."""

    history: pd.DataFrame
    test: dict[str, Any]
    predicted: np.ndarray  # (n_test,) codes
    calibration: dict[str, Any]


def read_results(settings: Settings) -> tuple[dict[str, Result], dict[str, str]]:
    """Read the runs of params.yaml that have current results; say why others are stale.

    Raises:
        InputError: If all that have results are stale (tables of nothing would replace those
            that are there), or if a split is, even one that no run uses: the page shows its
            sizes and leakage.
    """
    recorded = record.read()
    results: dict[str, Result] = {}
    stale: dict[str, str] = {}
    for name, run in settings.runs.items():
        history = Path(f"plots/history/{name}.csv")
        test = Path(f"metrics/test/{name}.json")
        predicted = Path(f"plots/predictions/{name}.txt")
        calibration = Path(f"metrics/calibration/{name}.json")
        examples = Path(f"plots/examples/{name}.csv")
        paths = [history, test, predicted, calibration, examples]
        if not all(path.is_file() for path in paths):
            continue
        stage = f"evaluate@{name}"
        paths += [*LABELS, Path(f"data/splits/{run.split}.npz")]
        if why := record.why_stale(stage, settings, recorded, paths):
            logger.warning("Leaving out %s: %s. Run `dvc repro %s`.", name, why, stage)
            stale[name] = why
            continue
        results[name] = Result(
            files.read_csv(history),
            files.read_json(test),
            files.read_codes(predicted),
            files.read_json(calibration),
        )
    if stale and not results:
        raise InputError(
            "No run has results of the current settings and data. Run `dvc repro`, or restore "
            "what changed. DVC has removed the earlier tables: `git checkout metrics/study "
            "plots/study` brings them back."
        )
    if why := _why_stale(settings, recorded, [f"split@{x}" for x in settings.splits]):
        raise InputError(f"A split is stale: {why}. Run `dvc repro split`.")
    return results, stale


def read_study(settings: Settings) -> dict[str, Any]:
    """Read what `tabulate` wrote in metrics/: by file, and what the results rest on at the top.

    Raises:
        InputError: If `tabulate` has not run, or ran with other settings or data.
    """
    folder = Path("metrics/study")
    if not (folder / "study.json").is_file():
        raise InputError(f"Found no {folder}/study.json. Run `dvc repro -s tabulate`.")
    study = {path.stem: files.read_json(path) for path in folder.glob("*.json")}
    why = _why_stale(settings, record.read(), ["tabulate"])
    first = next(iter(settings.splits))
    if not why and first != study["study"].get("paper_split"):  # DVC sees no order
        why = f"`{first}` is the first split now"
    elif not why and not set(study["study"].get("ran", ())) <= set(groups(settings)):
        why = "the runs are listed in another order now"
    if why:
        raise InputError(
            f"The tables are stale: {why}. Run `dvc repro -f -s tabulate plot report`."
        )
    return {**study, **study["study"]}


def read_assessed(settings: Settings) -> dict[str, Any]:
    """Read what `assess` wrote of each split; nothing, with a warning, if it is stale."""
    stages = ["assess", *(f"choose@{name}" for name in settings.searches)]
    if why := _why_stale(settings, record.read(), stages):
        logger.warning("Leaving out the classifiers: %s. Run `dvc repro`.", why)
        return {}
    return dict(files.read_json(Path("metrics/assess.json")))


def _why_stale(settings: Settings, known: record.Record, stages: list[str]) -> str:
    """Say why what one of the stages wrote is stale; "" if none is, of those that are recorded."""
    ran = [stage for stage in stages if stage in known.entries]
    return next(filter(None, (record.why_stale(x, settings, known) for x in ran)), "")


def read_table(name: str) -> pd.DataFrame:
    """Read a table that `tabulate` wrote, such as that of runs (`results`) or of `groups`.

    Names are read as text: a run may be called `1`, a class `null`.
    """
    table = files.read_text_table(Path(f"plots/study/{name}.csv")).replace("", np.nan)
    numbers = table.columns.difference(NAMES)
    return table.assign(**{key: pd.to_numeric(table[key]) for key in numbers})


def read_each(folder: str, names: Iterable[str]) -> dict[str, Any]:
    """Read the JSON of each name that has one in a folder of metrics/."""
    paths = {name: Path(f"metrics/{folder}/{name}.json") for name in names}
    return {key: files.read_json(path) for key, path in paths.items() if path.is_file()}


def read_examples(
    data: Data, runs: Mapping[str, str]
) -> dict[str, tuple[int, pd.DataFrame]]:
    """Read the example of each class that the test images show.

    Args:
        data: The faces and their splits.
        runs: By group, the run whose probabilities are read.

    Returns:
        By class, the row of a test image, and its probabilities by class, a column per group.
    """
    tables = {
        group: files.read_csv(Path(f"plots/examples/{run}.csv"))[list(data.classes)]
        for group, run in runs.items()
    }
    return {
        data.classes[data.labels[row]]: (
            row,
            pd.DataFrame({group: table.loc[n] for group, table in tables.items()}),
        )
        for n, row in enumerate(data.splits[data.paper_split]["examples"])
    }
