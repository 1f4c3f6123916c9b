"""What the page's template is given, read from the files of the study."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.report import charts, html, learning, vega
from fer_transfer.report.shown import Shown, pick_faces, read
from fer_transfer.results import distance, inputs, paper, table
from fer_transfer.results.answer import FACES_OR_IMAGENET
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.settings.classifiers import TITLES
from fer_transfer.settings.settings import SECTIONS, Settings


def context(settings: Settings) -> dict[str, Any]:
    """Return everything that the page shows."""
    shown = read(settings)
    data, first = shown.data, shown.first_runs
    images = faces.read_images()
    confusion = inputs.read_table("confusion").groupby("run")
    scored = table.select(shown.summary, set="test")
    compared = shown.study["answer"]["comparisons"]
    sides = [x["groups"][1] for x in compared if x["question"] == FACES_OR_IMAGENET]
    return {
        **vars(shown),
        "runs": settings.runs,
        "first": first,
        "catalog": BACKBONES,
        "imagenet": {BACKBONES[shown.groups[name].backbone].title for name in sides},
        "paper": paper,
        "distance": distance,
        "dataset": files.read_json(Path("metrics/dataset.json")),
        "architectures": files.read_json(Path("metrics/architectures.json")),
        "costs": files.read_json(Path("metrics/costs.json")),
        "weights": inputs.read_each("weights", settings.variants),
        "features": inputs.read_each("features", settings.variants),
        "splits": inputs.read_each("split", data.splits),
        "calibration": inputs.read_each("calibration", first.values()),
        "titles": TITLES,
        "assessed": assessed(inputs.read_assessed(settings), data, images),
        "settings": {name: settings[name] for name in SECTIONS},
        "windows": paper.clip(settings.tables.windows, settings.train.epochs),
        "numbers": table.numbers(shown.summary),
        "metrics": scored["metric"].unique(),
        "confusion": {run: table.records(rows) for run, rows in confusion},
        "charts": {name: vega.finish(chart) for name, chart in draw(shown)},
        "vega": html.vega(),
        "examples": inputs.read_examples(data, first),
        "images": images,
        "picked": pick_faces(data.labels, data.classes),
    }


def assessed(results: dict[str, Any], data: inputs.Data, images: np.ndarray) -> Any:
    """Return what `assess` wrote of each split, with some of its training faces by class."""
    for split, result in results.items():
        train = data.splits[split]["train"]
        picked = pick_faces(data.labels[train], data.classes).items()
        result["examples"] = {name: images[train[rows]] for name, rows in picked}
    return results


def draw(shown: Shown) -> Iterator[tuple[str, vega.Chart]]:
    """Yield each chart for which there are results, by its id on the page."""
    answer, practice = shown.study["answer"], shown.study["practice"]
    for part, rows in inputs.read_table("arithmetic").groupby("set", sort=False):
        yield f"fits-{part}", charts.fits(rows)
    for number, question in enumerate(answer["headlines"], start=1):
        asked = [row for row in answer["comparisons"] if row["question"] == question]
        if asked:
            yield f"differences-{number}", charts.differences(asked)
    if practice["curve"]:
        yield "images-needed", charts.images_needed(practice["curve"])
    if shown.data.paper_split in shown.runs["split"].array:
        yield "accuracies", charts.accuracies(shown)
    runs = shown.in_paper_groups(shown.runs)
    if runs.empty:
        return
    validation = table.select(runs, set="val")
    curves = learning.learning(validation, "accuracy", shown.styles, 1)
    yield "validation", curves.properties(height=320)
    for backbone, rows in runs.groupby(runs["group"].map(shown.styles["backbone"])):
        for metric in vega.UNITS:
            top = learning.top_of(runs, metric)
            chart = learning.learning(rows, metric, shown.styles, top)
            yield f"{metric}-{backbone}", chart.properties(height=230)
    for metric in vega.UNITS:
        yield f"initial-{metric}", charts.initial(shown, metric)
