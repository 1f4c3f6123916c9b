"""Gather the runs that have results into the paper's tables and the data of the plots.

Reads   metrics/test/<run>.json           of the runs that params.yaml lists; those without
        plots/history/<run>.csv           results are named under `missing`, and why results
        plots/predictions/<run>.txt       are not taken under `stale`
        dvc.lock                          which settings, split and data they were made with
        metrics/features/<variant>.json   whether the features are informative
        metrics/dataset.json              images, emotions, official, source_file
        data/faces/, data/splits/         the labels of the test images, and FER+'s votes
        metrics/paper/                    the published Tables 2-5
Params  all of params.yaml
Writes  metrics/study/table2.json ... table5.json  MCR, MOFR per window of epochs: means over
                                                   the seeds of a variant
        metrics/study/difference2.json ...         ours minus the paper's
        metrics/study/initial.json, final.json     after the first and the last epoch
        metrics/study/runs.json                    the same of each run
        metrics/study/answer.json                  faces or ImageNet, and what pretraining is
                                                   worth, with intervals
        metrics/study/distances.json               which protocol is nearest to the paper's rows
        metrics/study/study.json                   what the results rest on
        metrics/study/ferplus.json                 scores against FER+'s labels, if asked for
        plots/study/learning.csv                   every run's history
        plots/study/initial.csv, test.csv          one row per run
        plots/study/confusion.csv                  49 rows per run
Source  the paper, sections 3.2 and 5 (Tables 2-5, Figures 5-10)
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces, votes
from fer_transfer.results import answer, distance, paper, plot_data, runs, tables
from fer_transfer.results.protocols import Group, groups, paper_split
from fer_transfer.results.runs import Result
from fer_transfer.scoring import labellings
from fer_transfer.settings.settings import Settings, load_settings

logger = logging.getLogger(__name__)

METRICS, PLOTS = Path("metrics/study"), Path("plots/study")


def main() -> None:
    settings = load_settings()
    known = faces.read(votes=True)
    splits = {
        name: files.read_npz(Path(f"data/splits/{name}.npz"))
        for name in settings.splits
    }
    labels = {name: known.labels[split["test"]] for name, split in splits.items()}
    results, stale = runs.read(settings)
    missing = [name for name in settings.runs if name not in results]
    logger.info("Tabulating %d of %d runs.", len(results), len(settings.runs))
    if missing:
        logger.info("Without results: %s.", ", ".join(missing))

    repeats = runs.find_repeats(results)
    for name, other in repeats.items():
        logger.warning("%s has the same history and predictions as %s.", name, other)
    ran = {
        name: group._replace(runs=those)
        for name, group in groups(settings).items()
        if (those := seeds_of(group, results, repeats))
    }
    study = describe_study(settings, ran, stale, missing, repeats)
    files.write_json(METRICS / "study.json", study)
    published = paper.read()
    write_tables(results, ran, settings.tables.window, published)
    histories = {name: result.history for name, result in results.items()}
    distances = distance.find(ran, histories, published)
    files.write_json(METRICS / "distances.json", distances)
    correct = {
        name: (result.predicted == labels[result.split])[
            ~splits[result.split]["test_has_duplicate"]
        ]
        for name, result in results.items()
    }
    write_answer(ran, correct, study["uninformative"])
    write_plots(results, ran, settings, labels, known.classes)
    if known.votes is not None:
        split = paper_split(settings)
        predictions = {
            name: result.predicted
            for name, result in results.items()
            if result.split == split
        }
        majority = votes.majority(known.votes, known.classes)
        compared = labellings.compare(
            known.labels, majority, splits[split], predictions, known.classes
        )
        files.write_json(METRICS / "ferplus.json", compared)


def seeds_of(
    group: Group, results: Mapping[str, Result], repeats: Mapping[str, str]
) -> tuple[str, ...]:
    """Name a group's runs that have results; of those with the same outputs only the first."""
    seeds: dict[str, str] = {}
    for run in group.runs:
        if run in results:
            seeds.setdefault(repeats.get(run, run), run)
    return tuple(seeds.values())


def write_tables(
    results: Mapping[str, Result],
    ran: Mapping[str, Group],
    window: int,
    published: Mapping[str, Any],
) -> None:
    """Write each run's rates and ends, the means over seeds, and ours minus the paper's."""
    rows = {name: rows_of(result, window) for name, result in results.items()}
    files.write_json(METRICS / "runs.json", rows)
    for table in (*paper.TABLES, "initial", "final"):
        ours = {
            name: tables.mean([rows[run][table] for run in group.runs])
            for name, group in ran.items()
        }
        files.write_json(METRICS / f"{table}.json", ours)
        if table in published:
            less = tables.subtract(ours, published[table])
            name = table.replace("table", "difference")
            files.write_json(METRICS / f"{name}.json", less)


def rows_of(result: Result, window: int) -> dict[str, tables.Row]:
    """Return a run's row of every table."""
    return {
        **{
            name: tables.rates_by_window(result.history, table, window)
            for name, table in paper.TABLES.items()
        },
        "initial": tables.first_epoch(result.history),
        "final": tables.last_epoch(result.history, result.test),
    }


def write_answer(
    ran: Mapping[str, Group],
    correct: Mapping[str, np.ndarray],
    uninformative: list[str],
) -> None:
    """Answer the study's question, by the test images without a duplicate in train."""
    informative = {
        name: group
        for name, group in ran.items()
        if name not in uninformative and len(correct[group.runs[0]])
    }
    final = files.read_json(METRICS / "final.json")
    files.write_json(METRICS / "answer.json", answer.find(informative, correct, final))


def describe_study(
    settings: Settings,
    ran: Mapping[str, Group],
    stale: Mapping[str, str],
    missing: list[str],
    repeats: Mapping[str, str],
) -> dict[str, Any]:
    """Say what the results rest on: the data, the weights, and which runs there are."""
    dataset = files.read_json(Path("metrics/dataset.json"))
    return {
        "data": name_data(settings.data.source, dataset),
        "pretrained": settings.weights.pretrained,
        "images": dataset["images"],
        "official": dataset["official"],
        "source_file": dataset["source_file"],
        "epochs": settings.train.epochs,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS")
        == "1",  # as every stage has it
        "ran": {
            name: {run: settings.runs[run].seed for run in group.runs}
            for name, group in ran.items()
        },
        "missing": missing,
        "stale": stale,
        "repeats": repeats,
        "uninformative": [
            name for name, run in settings.runs.items() if is_uninformative(run.variant)
        ],
    }


def name_data(source: str, dataset: Mapping[str, Any]) -> str:
    """Name the data set: FER2013 only where its counts are those of the paper's Table 1."""
    if source == "synthetic":
        return "synthetic"
    is_fer2013 = dataset["emotions"] == paper.CLASS_COUNTS
    return "FER2013" if is_fer2013 else "another data set"


def is_uninformative(variant: str) -> bool:
    """Tell whether a variant's features were measured and found to tell no images apart."""
    path = Path(f"metrics/features/{variant}.json")
    return path.is_file() and not files.read_json(path)["informative"]


def write_plots(
    results: Mapping[str, Result],
    ran: Mapping[str, Group],
    settings: Settings,
    labels: Mapping[str, np.ndarray],
    classes: tuple[str, ...],
) -> None:
    """Write what `dvc plots` draws."""
    heads = plot_data.describe_runs(ran, settings)
    for name, (columns, rows_of) in plot_data.tables_of(
        results, labels, classes
    ).items():
        table = plot_data.gather(heads, columns, rows_of)
        files.write_csv(PLOTS / f"{name}.csv", table)


if __name__ == "__main__":
    command.run(main)
