"""What the page's template is given, read from the files of the study."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.report import (
    charts,
    classifiers,
    html,
    learning,
    style,
    vega,
    versions,
)
from fer_transfer.results import distance, inputs, paper, table
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.protocols import Group, groups, of_protocol, paper_protocol
from fer_transfer.scoring import rates, scores
from fer_transfer.settings.settings import SECTIONS, Settings

FACES_SEED = 42  # picks the images of the data set that are shown
FACES_SHOWN = 6  # of each class

Read = dict[str, dict[str, Any]]  # kind of metric, variant or run, what its file holds


def context(settings: Settings) -> dict[str, Any]:
    """Return everything that the page shows."""
    shown = groups(settings)
    text = of_protocol(shown, paper_protocol(settings))
    data, study = inputs.read_data(settings), read_study(settings)
    first = inputs.first_runs(study["ran"], text)
    read = {
        kind: inputs.read_each(kind, settings.variants)
        for kind in ("weights", "features")
    }
    confusion = files.read_csv(Path("plots/study/confusion.csv"))
    summary = inputs.read_table("groups")
    scored = summary[(summary["set"] == "test") & (summary["class"] == "")]
    ferplus = study.get("ferplus", {}).get(data.paper_split)
    drawn = {
        name: vega.finish(chart, description)
        for name, chart, description in draw(shown, text, data, study, summary)
    }
    return {
        "study": study,
        "groups": shown,
        "text": text,
        "others": {name: shown[name] for name in shown if name not in text},
        "backbones": list(dict.fromkeys(group.backbone for group in text.values())),
        "variant_of": {name: settings.runs[name].variant for name in shown},
        "absent": {
            name: study["stale"].get(name) or why_missing(name, settings, read)
            for name in shown
            if name not in study["ran"]
        },
        "styles": style.of_groups(shown).to_dict("index"),
        "catalog": BACKBONES,
        "paper": paper,
        "distance": distance,
        "colours": defaultdict(lambda: style.GREY, style.COLOURS),
        "classes": data.classes,
        **read,
        **{
            name: files.read_json(Path(f"metrics/{name}.json"))
            for name in ("dataset", "architectures", "costs")
        },
        "splits": inputs.read_each("split", data.splits),
        "paper_split": data.paper_split,
        "versions": versions.installed(),
        "classifiers": classifiers.section(),
        "settings": {name: settings[name] for name in SECTIONS},
        "windows": rates.clip(settings.tables.windows, settings.train.epochs),
        "numbers": table.numbers(summary),
        "metrics": scored["metric"].unique(),
        "baseline": scores.baseline(data.labels, len(data.classes)),
        "confusion": {
            name: table.records(table.select(confusion, run=run))
            for name, run in first.items()
        },
        "calibration": of_runs(
            first, inputs.read_each("calibration", dict.fromkeys(first.values()))
        ),
        "ferplus": ferplus,
        "ferplus_scores": of_runs(first, ferplus["runs"]) if ferplus else {},
        "charts": drawn,
        "specs": html.specs(drawn),
        "vega": html.vega(),
        "examples": inputs.read_examples(data, first),
        "images": faces.read_images(),
        "faces": pick_faces(data.labels, data.classes),
    }


def read_study(settings: Settings) -> dict[str, Any]:
    """Read all that `tabulate` wrote in metrics/, by the name of the file."""
    found = {
        path.stem: files.read_json(path) for path in Path("metrics/study").iterdir()
    }
    return found | inputs.read_study(settings)


def of_runs(runs: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give each group the value of its run, where there is one."""
    return {name: values[run] for name, run in runs.items() if run in values}


def why_missing(name: str, settings: Settings, read: Read) -> str:
    """Say how far a run without results got, by the metrics it left."""
    variant = settings.runs[name].variant
    if variant not in read["weights"]:
        is_official = settings.weights.pretrained == "official"
        fetched = is_official and settings.variants[variant].weights == "pretrained"
        return "its official weights are not here" if fetched else "it has not started"
    if variant not in read["features"]:
        return "its frozen part has not run"
    return "it has not been trained to the end"


def draw(
    shown: Mapping[str, Group],
    text: Mapping[str, Group],
    data: inputs.Data,
    study: Mapping[str, Any],
    summary: pd.DataFrame,
) -> Iterator[tuple[str, vega.Chart, str]]:
    """Yield each chart for which there are results: its id on the page, and what it shows."""
    for part, counts in inputs.read_table("arithmetic").groupby("set", sort=False):
        yield f"fits-{part}", charts.fits(counts), "Rates that fit"
    for number, question in enumerate(study["answer"]["sentences"], start=1):
        asked = [
            row for row in study["answer"]["comparisons"] if row["question"] == question
        ]
        if asked:
            yield f"differences-{number}", charts.differences(asked), question
    if study["practice"]["curve"]:
        chart = charts.images_needed(study["practice"]["curve"])
        yield "images-needed", chart, "Accuracy by training images"
    runs = inputs.read_table("results")
    mine = runs[runs["group"].isin(list(text))]
    if mine.empty:
        return
    styles = style.of_groups(shown)
    curves = learning.learning(mine, "accuracy", styles, 1, ["val"]).properties(
        height=320
    )
    yield "validation", curves, "Validation accuracy by epoch"
    tops = {metric: learning.top_of(mine, metric) for metric in vega.UNITS}
    for backbone, rows in mine.groupby(mine["group"].map(styles["backbone"])):
        for metric, top in tops.items():
            chart = learning.learning(rows, metric, styles, top)
            described = f"{metric.capitalize()} after each epoch of {backbone}"
            yield f"{metric}-{backbone}", chart.properties(height=230), described
    baseline = scores.baseline(data.labels, len(data.classes))
    of_text = summary[summary["group"].isin(list(text))]
    for metric, level in (("accuracy", "accuracy"), ("loss", "prior_loss")):
        chart = charts.initial(of_text, metric, styles, baseline[level])
        yield f"initial-{metric}", chart, f"{metric} after epoch 1"
    majority = study["advice"]["baseline"]
    chart = charts.accuracies(runs, styles, majority, data.paper_split)
    yield "accuracies", chart, "Accuracies on the test set"
    chart = charts.recall(of_text, styles, data.classes)
    yield "recall", chart, "Recall on the test set"


def pick_faces(labels: np.ndarray, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return of each class how many faces there are, and the rows of a few picked at random."""
    random = np.random.default_rng(FACES_SEED)
    rows = {name: np.flatnonzero(labels == code) for code, name in enumerate(classes)}
    return {
        name: {
            "ours": len(mine),
            "paper": paper.CLASS_COUNTS.get(name),
            "rows": random.choice(mine, min(FACES_SHOWN, len(mine)), replace=False),
        }
        for name, mine in rows.items()
    }
