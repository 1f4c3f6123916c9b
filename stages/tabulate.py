"""Gather the runs that have results into one table, and compute all that is said of them.

Reads   metrics/test/<run>.json           of the runs that params.yaml lists; those without
        plots/history/<run>.csv           results are named under `missing`
        plots/predictions/<run>.txt
        metrics/features/<variant>.json   parameters, size, whether the features are informative
        metrics/costs.json                milliseconds per image, by backbone
        metrics/dataset.json              images, emotions, official, source_file
        data/faces/                       classes, labels, and people's votes where there are any
        data/splits/<split>.npz           the test images
        metrics/paper/                    the published Tables 2-5
        dvc.lock                          whether a run is of the current settings and data
Params  all but views, choose and searches
Writes  plots/study/results.csv           the table: a row per run, metric, set and epoch, window
                                          or class
        plots/study/groups.csv            the same over seeds, beside the paper's numbers
        plots/study/confusion.csv         a row per run, class and predicted class
        plots/study/arithmetic.csv        published rates that fit each number of images
        metrics/study/table2.json ... table5.json, initial.json, final.json   means over the
                                          seeds of a group, for `dvc metrics`
        metrics/study/answer.json         faces or ImageNet, and what pretraining is worth
        metrics/study/claims.json         the paper's claims, each with its verdict
        metrics/study/advice.json         which backbone for which situation
        metrics/study/distances.json      which protocol is nearest to the paper's rows
        metrics/study/arithmetic.json     which sets and windows the paper's rates fit
        metrics/study/study.json          what the results rest on
        metrics/study/ferplus.json        scores against FER+'s labels, if asked for
Source  the paper, sections 3.2, 5, 6 and 7
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.results import (
    answer,
    arithmetic,
    claims,
    compare,
    distance,
    evidence,
    inputs,
    paper,
    recommend,
    table,
)
from fer_transfer.results.evidence import Study
from fer_transfer.results.protocols import (
    Group,
    groups,
    of_protocol,
    paper_protocol,
)
from fer_transfer.scoring import labellings, scores
from fer_transfer.settings.settings import Settings, load_settings

logger = logging.getLogger(__name__)

METRICS, PLOTS = Path("metrics/study"), Path("plots/study")


def main() -> None:
    settings = load_settings()
    published = paper.read()
    study, made = read_study(settings)
    summary = table.of_groups(study.runs, published, settings.tables.windows)
    files.write_csv(PLOTS / "results.csv", study.runs)
    files.write_csv(PLOTS / "groups.csv", summary)
    files.write_csv(PLOTS / "confusion.csv", confusion(study))
    for name, values in table.metrics(summary).items():
        files.write_json(METRICS / f"{name}.json", values)

    files.write_json(METRICS / "study.json", describe_study(settings, study, made))
    write_verdicts(settings, study, groups(settings), published)
    named = of_protocol(study.ran, paper_protocol(settings))
    files.write_json(METRICS / "advice.json", recommend.find(study, named, summary))
    nearest = distance.find(study.ran, study.runs, published, settings.tables.windows)
    files.write_json(METRICS / "distances.json", nearest)
    write_arithmetic(published)
    write_ferplus(settings, study)


def read_study(settings: Settings) -> tuple[Study, dict[str, Any]]:
    """Read what `evaluate` and the stages before it wrote; say which runs were left out."""
    data = inputs.read_data(settings, with_votes=True)
    results, stale = inputs.read_results(settings)
    missing = [name for name in settings.runs if name not in results]
    logger.info("Tabulating %d of %d runs.", len(results), len(settings.runs))
    if missing:
        logger.info("Without results: %s.", ", ".join(missing))
    repeats = inputs.find_repeats(results)
    for name, other in repeats.items():
        logger.warning("%s has the same history and predictions as %s.", name, other)
    ran = {
        name: group._replace(runs=runs)
        for name, group in groups(settings).items()
        if (runs := inputs.seeds_of(group, results, repeats))
    }
    features = inputs.read_each("features", settings.variants)
    measured = {
        name: features[run.variant]
        for name, run in settings.runs.items()
        if run.variant in features
    }
    windows = settings.tables.windows
    seeds = {name: run.seed for name, run in settings.runs.items()}
    usual = paper_protocol(settings)
    costs = files.read_json(Path("metrics/costs.json"))["milliseconds_per_image"]
    study = Study(
        data,
        ran,
        results,
        table.of_runs(ran, results, seeds, windows, usual),
        measured,
        costs,
        frozenset(name for name in measured if not measured[name]["informative"]),
        windows,
    )
    return study, {"missing": missing, "stale": stale, "repeats": repeats}


def describe_study(
    settings: Settings, study: Study, made: dict[str, Any]
) -> dict[str, Any]:
    """Say what the results rest on: the data, the weights, and which runs there are."""
    dataset = files.read_json(Path("metrics/dataset.json"))
    return {
        "data": name_data(settings.data.source, dataset),
        "classes": study.data.classes,
        "pretrained": settings.weights.pretrained,
        "images": dataset["images"],
        "official": dataset["official"],
        "source_file": dataset["source_file"],
        "epochs": settings.train.epochs,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS")
        == "1",  # as every stage has it
        "ran": {
            name: {run: settings.runs[run].seed for run in group.runs}
            for name, group in study.ran.items()
        },
        **made,
        "uninformative": [
            name for name in settings.runs if name in study.uninformative
        ],
    }


def name_data(source: str, dataset: Mapping[str, Any]) -> str:
    """Name the data set: FER2013 only where its counts are those of the paper's Table 1."""
    if source == "synthetic":
        return "synthetic"
    is_fer2013 = dataset["emotions"] == paper.CLASS_COUNTS
    return "FER2013" if is_fer2013 else "another data set"


def write_verdicts(
    settings: Settings,
    study: Study,
    shown: Mapping[str, Group],
    published: paper.Published,
) -> None:
    """Write the answer and the claims, with all their differences tested as one family."""
    text = paper_protocol(settings)
    protocols = {"ours": text, "every_layer": text._replace(trainable_layers="all")}
    sources = {
        name: evidence.of_study(study, of_protocol(shown, protocol), shown)
        for name, protocol in protocols.items()
        if name == "ours" or of_protocol(study.ran, protocol)
    }
    sources["paper"] = evidence.of_the_paper(published)
    checks = {
        (claim.key, name): claims.check(claim, source)
        for claim in claims.CLAIMS
        for name, source in sources.items()
    }
    differences = answer.compare_all(study)
    made = [one.difference for rows in checks.values() for one in rows]
    corrected = compare.correct_all([*differences.values(), *made])
    described = answer.describe(study, differences, corrected)
    files.write_json(METRICS / "answer.json", described)
    words = ("key", "says", "rule", "sides", "unit")
    judged = [
        {key: getattr(claim, key) for key in words}
        | {
            name: claims.judge(claim, checks[claim.key, name], corrected)
            if name in sources
            else None
            for name in (*protocols, "paper")
        }
        for claim in claims.CLAIMS
    ]
    files.write_json(METRICS / "claims.json", judged)


def confusion(study: Study) -> pd.DataFrame:
    """Return the confusion matrix of every run on its whole test set."""
    parts = []
    for name, group in study.ran.items():
        labels = study.data.labels[study.data.splits[group.protocol.split].test]
        for run in group.runs:
            predicted = study.results[run].predicted
            matrix = scores.confusion(labels, predicted, study.data.classes)
            parts.append(pd.DataFrame(matrix).assign(run=run, group=name))
    columns = ["run", "group", "actual", "predicted", "images", "share"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def write_arithmetic(published: paper.Published) -> None:
    """Write what the published tables' arithmetic says of their sets and windows."""
    tables = (published[key] for key in (paper.ACCURACY_MCR, paper.ACCURACY_MOFR))
    counts = arithmetic.find(*tables)
    files.write_json(
        METRICS / "arithmetic.json",
        {
            part: arithmetic.summarise(one, paper.SETS[part])
            for part, one in counts.items()
        },
    )
    thin = [arithmetic.thin(one).assign(set=part) for part, one in counts.items()]
    files.write_csv(PLOTS / "arithmetic.csv", pd.concat(thin))


def write_ferplus(settings: Settings, study: Study) -> None:
    """Score the runs of each split against what most people see too, if that is known."""
    data = study.data
    if data.majority is None:
        return
    scored = {}
    for name, split in data.splits.items():
        sets = {"test": split.test, "test_has_duplicate": split.has_duplicate}
        predictions = {
            run: result.predicted
            for run, result in study.results.items()
            if settings.runs[run].split == name
        }
        scored[name] = labellings.compare(
            data.labels, data.majority, sets, predictions, data.classes
        )
    files.write_json(METRICS / "ferplus.json", scored)


if __name__ == "__main__":
    command.run(main)
