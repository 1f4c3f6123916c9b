"""What the page's template is given, read from the files of the study."""

from collections import defaultdict
from collections.abc import Mapping
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
    tables,
    vega,
    versions,
)
from fer_transfer.results import distance, inputs, paper, table
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.protocols import (
    Group,
    groups,
    of_protocol,
    paper_protocol,
    paper_split,
)
from fer_transfer.scoring import scores
from fer_transfer.settings.settings import SECTIONS, Settings

FACES_SEED = 42  # picks the images of the data set that are shown
FACES_SHOWN = 6  # of each class

Read = dict[str, dict[str, Any]]  # kind of metric, variant or run, what its file holds


def context(settings: Settings) -> dict[str, Any]:
    """Return everything that the page shows."""
    shown = groups(settings)
    study, summary = read_study(settings)
    text = of_protocol(shown, paper_protocol(settings))
    data = inputs.read_data(settings)
    first = inputs.first_runs(study["ran"], text)
    read = {
        "weights": inputs.read_each("weights", settings.variants),
        "features": inputs.read_each("features", settings.variants),
    }
    absent = {
        name: study["stale"].get(name) or why_missing(name, settings, read)
        for name in shown
        if name not in study["ran"]
    }
    calibrated = inputs.read_each("calibration", dict.fromkeys(first.values()))
    drawn = draw(shown, text, data, study, summary)
    numbers = table.numbers(summary)
    return {
        **{
            key: study[key]
            for key in ("answer", "claims", "distances", "arithmetic", "practice")
        },
        "study": study,
        "groups": shown,
        "text": text,
        "others": {name: one for name, one in shown.items() if name not in text},
        "backbones": list(dict.fromkeys(one.backbone for one in text.values())),
        "variant_of": {name: settings.runs[name].variant for name in shown},
        "absent": absent,
        "styles": style.of_groups(shown),
        "catalog": BACKBONES,
        "colours": defaultdict(lambda: style.GREY, style.COLOURS),
        "classes": data.classes,
        "weights": read["weights"],
        "features": read["features"],
        "dataset": files.read_json(Path("metrics/dataset.json")),
        "splits": inputs.read_each("split", data.splits),
        "paper_split": data.paper_split,
        "versions": versions.installed(),
        "architectures": files.read_json(Path("metrics/architectures.json")),
        "costs": files.read_json(Path("metrics/costs.json")),
        "classifiers": classifiers.section(),
        "settings": {name: settings[name] for name in SECTIONS},
        "tables": tables.rate_tables(settings, text, numbers),
        "numbers": numbers,
        "metrics": summary.loc[
            (summary["set"] == "test") & (summary["class"] == ""), "metric"
        ].unique(),
        "distance_titles": {key: paper.TABLES[key].title for key in distance.TABLES},
        "near": distance.NEAR,
        "learning_figures": paper.LEARNING_FIGURES,
        "baseline": scores.baseline(data.labels, len(data.classes)),
        "confusion": tables.confusion_matrices(
            study["confusion"], first.values(), data.classes
        ),
        "calibration": of_runs(first, calibrated),
        "ferplus_scores": of_runs(first, (study["ferplus"] or {}).get("runs", {})),
        "charts": drawn,
        "specs": html.specs(drawn),
        "vega": html.vega(),
        **show_faces(data, first),
    }


def read_study(settings: Settings) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read what `tabulate` wrote: all of it, and the table of groups."""
    folder = Path("metrics/study")
    study = inputs.read_study(settings)
    for name in ("answer", "claims", "advice", "distances", "arithmetic", "practice"):
        study[name] = files.read_json(folder / f"{name}.json")
    ferplus = folder / "ferplus.json"
    scored = files.read_json(ferplus) if ferplus.is_file() else {}
    study["ferplus"] = scored.get(paper_split(settings))
    study["confusion"] = files.read_csv(Path("plots/study/confusion.csv"))
    return study, inputs.read_table("groups")


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
) -> dict[str, vega.Spec]:
    """Draw every chart for which there are results, by its id on the page."""
    styles = style.of_groups(shown)
    baseline = scores.baseline(data.labels, len(data.classes))
    runs = inputs.read_table("results")
    mine = runs[runs["group"].isin(list(text))]
    groups_of_text = summary[summary["group"].isin(list(text))]
    drawn = {
        f"fits-{part}": vega.finish(charts.fits(one), "Rates that fit", 150)
        for part, one in inputs.read_table("arithmetic").groupby("set", sort=False)
    }
    for number, question in enumerate(study["answer"]["sentences"], start=1):
        asked = [
            row for row in study["answer"]["comparisons"] if row["question"] == question
        ]
        if asked:
            chart = charts.differences(asked)
            drawn[f"differences-{number}"] = vega.finish(chart, question)
    if study["practice"]["curve"]:
        chart = charts.images_needed(study["practice"]["curve"])
        drawn["images-needed"] = vega.finish(chart, "Accuracy by training images", 260)
    if mine.empty:
        return drawn
    chart = learning.learning(mine, "accuracy", styles, 1, ["val"])
    drawn["validation"] = vega.finish(chart, "Validation accuracy by epoch", 320)
    for backbone in dict.fromkeys(one.backbone for one in text.values()):
        rows = mine[mine["group"].map(lambda name: text[name].backbone) == backbone]
        for metric in () if rows.empty else vega.UNITS:
            top = 1.0 if metric == "accuracy" else learning.top_of(mine)
            chart = learning.learning(rows, metric, styles, top)
            described = f"{metric.capitalize()} after each epoch of {backbone}"
            drawn[f"{metric}-{backbone}"] = vega.finish(chart, described, 230)
    for metric, level in (("accuracy", "accuracy"), ("loss", "prior_loss")):
        chart = charts.initial(groups_of_text, metric, styles, baseline[level])
        drawn[f"initial-{metric}"] = vega.finish(chart, f"{metric} after epoch 1")
    for name, chart in {
        "accuracies": charts.accuracies(
            runs, styles, study["advice"]["baseline"], data.paper_split
        ),
        "recall": charts.recall(groups_of_text, styles, data.classes),
    }.items():
        drawn[name] = vega.finish(chart, f"{name.capitalize()} on the test set")
    return drawn


def show_faces(data: inputs.Data, runs: Mapping[str, str]) -> dict[str, Any]:
    """Return faces of each class, and the networks' predictions for an example of each."""
    images = faces.read_images()
    rows = data.splits[data.paper_split].examples
    predictions = inputs.read_examples(runs, rows)
    random = np.random.default_rng(FACES_SEED)
    places = {code: place for place, code in enumerate(data.labels[rows])}
    examples, counts = [], []
    for code, name in enumerate(data.classes):
        shown = np.flatnonzero(data.labels == code)
        chosen = random.choice(shown, min(FACES_SHOWN, len(shown)), replace=False)
        counts.append(
            {
                "class": name,
                "ours": len(shown),
                "paper": paper.CLASS_COUNTS.get(name),
                "faces": [images[row] for row in chosen],
            }
        )
        if code not in places:  # no test image shows it
            continue
        example = {
            group: one.loc[places[code], list(data.classes)].to_dict()
            for group, one in predictions.items()
        }
        face = images[rows[places[code]]]
        examples.append({"class": name, "face": face, "predictions": example})
    return {"examples": examples, "counts": counts}
