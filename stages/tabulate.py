"""Gather the runs that have results into one table, and compute all that is said of them.

Reads   metrics/test/<run>.json           of the runs that params.yaml lists; those without
        plots/history/<run>.csv           results are named under `missing`
        plots/predictions/<run>.txt
        metrics/calibration/<run>.json    calibration errors on the test set
        plots/examples/<run>.csv          only whether they are of the current settings and data
        metrics/features/<variant>.json   parameters, size, whether the features are informative
        metrics/costs.json                milliseconds per image, by backbone
        metrics/dataset.json              the name of the data
        data/faces/                       classes, labels, and people's votes where there are any
        data/splits/<split>.npz           the test images
        metrics/assess.json               the classifier that each split's searches chose
        metrics/paper/                    the published Tables 2-5
        dvc.lock                          whether a run is of the current settings and data
Params  all
Writes  plots/study/results.csv           the table: a row per run, metric, set and epoch or
                                          window
        plots/study/groups.csv            the same over seeds, beside the paper's numbers
        plots/study/confusion.csv         a row per run, class and predicted class
        plots/study/arithmetic.csv        published rates that fit each number of images
        metrics/study/table2.json ... table5.json, initial.json, final.json   means over the
                                          seeds of a group, for `dvc metrics`
        metrics/study/answer.json         faces or ImageNet, and what pretraining is worth
        metrics/study/claims.json         the paper's claims, each with its verdict
        metrics/study/advice.json         which backbone for which situation
        metrics/study/models.json         which model to use: that classifier, or a network
        metrics/study/practice.json       runs on the sets that the data come with
        metrics/study/distances.json      which protocol is nearest to the paper's rows
        metrics/study/arithmetic.json     which sets and windows the paper's rates fit
        metrics/study/study.json          what the results rest on
        metrics/study/ferplus.json        scores against FER+'s labels, if asked for
Source  the paper, sections 3.2, 5, 6 and 7
"""

from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import confusion_matrix

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces, votes
from fer_transfer.results import (
    answer,
    arithmetic,
    distance,
    inputs,
    labellings,
    paper,
    practice,
    recommend,
    table,
)
from fer_transfer.results import study as studies
from fer_transfer.results.protocols import of_paper
from fer_transfer.results.study import Study
from fer_transfer.settings.settings import load_settings


def main() -> None:
    settings = load_settings()
    published, study = inputs.read_each("paper", paper.TABLES), studies.read(settings)
    runs = table.of_runs(study)
    paper_groups = of_paper(settings)
    names = {group.network: name for name, group in paper_groups.items()}
    described = studies.describe(study)
    printed = published if described["data"] in paper.DATA else {}
    groups = table.of_groups(runs, printed, settings.tables.windows, names)
    fits, counts = arithmetic.find(published)
    answered, claims = answer.find(study, published)
    practised = practice.find(study, runs)
    # Validation accuracy by votes alone is not to be compared with that by labels.
    by_label = [name for name, run in settings.runs.items() if run.labels != "ferplus"]
    labelled = runs[runs["run"].isin(by_label)]
    for name, rows in {
        "results": runs,
        "groups": groups,
        "confusion": confusion(study),
        "arithmetic": counts,
    }.items():
        files.write_csv(Path(f"plots/study/{name}.csv"), rows)
    for name, values in {
        **table.metrics(groups),
        "study": described,
        "answer": answered,
        "claims": claims,
        "advice": recommend.find(study, filter(study.ran.get, paper_groups)),
        "practice": practised,
        "distances": distance.find(study, published),
        "arithmetic": fits,
        "models": practice.compare(labelled, inputs.read_assessed(settings)),
        **ferplus(study),
    }.items():
        files.write_json(Path(f"metrics/study/{name}.json"), values)


def confusion(study: Study) -> pd.DataFrame:
    """Return the confusion matrix of every run on its whole test set.

    A row for each pair of classes, in their order: images, and share of the actual class's, if any.
    """
    columns = ["run", "group", "actual", "predicted", "images", "share"]
    classes, parts = list(study.data.classes), []
    for name, group in study.ran.items():
        labels = study.data.labels[study.data.splits[group.protocol.split]["test"]]
        for run in group.runs:
            predicted = study.results[run].predicted
            matrix = confusion_matrix(labels, predicted, labels=range(len(classes)))
            counts = pd.DataFrame(matrix, classes, classes)
            shares = counts.div(counts.sum(axis=1), axis=0)
            cells = pd.DataFrame({"images": counts.stack(), "share": shares.stack()})
            pairs = cells.rename_axis(["actual", "predicted"]).reset_index()
            parts.append(pairs.assign(run=run, group=name))
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def ferplus(study: Study) -> dict[str, Any]:
    """Score the runs of each split against FER+'s majority too, if that is known."""
    data, known_votes = study.data, faces.read(votes=True).votes
    if known_votes is None:
        return {}
    majority, compared = votes.majority(known_votes, data.classes), {}
    for name, split in data.splits.items():
        test = split["test"]
        predictions = {
            run: result.predicted
            for run, result in study.results.items()
            if study.settings.runs[run].split == name
        }
        compared[name] = labellings.compare(
            data.labels[test], majority[test], predictions, data.classes
        )
    return {"ferplus": compared}


if __name__ == "__main__":
    command.run(main)
