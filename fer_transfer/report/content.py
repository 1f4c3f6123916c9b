"""What the page's template is given, read from the files of the study."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.report import drawn, html, sections, style, versions
from fer_transfer.results import evidence, paper, recommend
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.examples import read_examples
from fer_transfer.results.protocols import Group, groups, paper_split
from fer_transfer.results.seeds import first_names
from fer_transfer.scoring import scores
from fer_transfer.settings.settings import SECTIONS, Settings

STUDY = Path("metrics/study")
FACES_SEED = 42  # picks the images of the data set that are shown
FACES_SHOWN = 6  # of each emotion

Found = dict[str, dict[str, Any]]  # kind of metric, variant or run, what its file holds


def read_each(folder: Path, names: Iterable[str]) -> dict[str, Any]:
    """Read the JSON of each name that has one in a folder."""
    paths = {name: folder / f"{name}.json" for name in names}
    return {
        name: files.read_json(path) for name, path in paths.items() if path.is_file()
    }


def describe(settings: Settings, study: dict[str, Any], found: Found) -> dict[str, Any]:
    """Return what the results rest on."""
    shown = groups(settings)
    return {
        "study": study,
        "groups": shown,
        "variant_of": {name: settings.runs[name].variant for name in shown},
        "absent": [name for name in shown if name not in study["ran"]],
        "why_missing": {
            name: sections.why_missing(name, settings, study["stale"], found)
            for name in shown
            if name not in study["ran"]
        },
        "styles": style.of_groups(shown),
        "catalog": BACKBONES,
        "emotions": EMOTIONS,
        "weights": found["weights"],
        "features": found["features"],
        "dataset": files.read_json(Path("metrics/dataset.json")),
        "split": files.read_json(Path(f"metrics/split/{paper_split(settings)}.json")),
        "versions": versions.installed(),
        "architectures": files.read_json(Path("metrics/architectures.json")),
        "settings": {name: settings[name] for name in SECTIONS},
    }


def of_runs(runs: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give each variant the value of its run, where there is one."""
    return {name: values[run] for name, run in runs.items() if run in values}


def show_results(
    settings: Settings,
    text: Mapping[str, Group],
    ran: Mapping[str, Mapping[str, int]],
    ours: evidence.Evidence,
    baseline: dict[str, float],
) -> dict[str, Any]:
    """Return the tables of rates, the first and last epoch, and every chart."""
    tables = []
    for key, published in paper.read().items():
        windows, rows = sections.rate_rows(
            text,
            files.read_json(STUDY / f"{key}.json"),
            published,
            files.read_json(STUDY / f"{key.replace('table', 'difference')}.json"),
        )
        tables.append(
            {"key": key, "table": paper.TABLES[key], "windows": windows, "rows": rows}
        )
    plots = {
        name: files.read_csv(Path(f"plots/study/{name}.csv"))
        for name in ("learning", "initial", "test", "confusion")
    }
    ferplus = read_each(STUDY, ["ferplus"]).get("ferplus")
    runs = first_names(ran, text)
    calibrated = read_each(Path("metrics/calibration"), runs.values())
    agreement = ferplus["agreement"]["test"]["share"] if ferplus else None
    charts = drawn.draw(plots, ours, groups(settings), text, baseline, agreement)
    return {
        "text": text,
        "others": {
            name: group for name, group in groups(settings).items() if name not in text
        },
        "backbones": list(dict.fromkeys(one.backbone for one in text.values())),
        "figure_names": {
            name: f"Figure {paper.FIRST_LEARNING_FIGURE + number}: "
            for number, name in enumerate(paper.BACKBONES)
        },
        "tables": tables,
        "distances": files.read_json(STUDY / "distances.json"),
        "table_titles": {key: table.title for key, table in paper.TABLES.items()},
        "spread": sections.spread(ours),
        "initial": files.read_json(STUDY / "initial.json"),
        "final": files.read_json(STUDY / "final.json"),
        "baseline": baseline,
        "confusion": sections.confusion_matrices(plots["confusion"], text),
        "ferplus": ferplus,
        "ferplus_scores": of_runs(runs, ferplus["runs"] if ferplus else {}),
        "calibration": of_runs(runs, calibrated),
        "charts": charts,
        "specs": html.specs(charts),
        "vega": html.vega(),
    }


def advise(
    settings: Settings,
    text: Mapping[str, Group],
    found: Found,
    ours: evidence.Evidence,
    test_labels: np.ndarray,
) -> dict[str, Any]:
    """Return which backbone is for which situation, and what that was chosen from."""
    baseline = (
        scores.baseline(test_labels, len(EMOTIONS))["accuracy"]
        if len(test_labels)
        else 0.0
    )
    measured = {
        name: found["features"].get(settings.runs[name].variant) for name in text
    }
    candidates = sections.candidates(ours, text, measured)
    return {
        "candidates": candidates,
        "worthwhile": recommend.worthwhile(candidates, baseline),
        "advice": recommend.recommend(candidates, baseline),
        "costs": files.read_json(Path("metrics/costs.json")),
    }


def show_faces(
    text: Mapping[str, Group],
    ran: Mapping[str, Any],
    images: dict[str, Any],
    chosen: np.ndarray,
) -> dict[str, Any]:
    """Return images of each emotion, and the networks' predictions for seven of the test set."""
    counts = files.read_json(Path("metrics/dataset.json"))["emotions"]
    runs = first_names(ran, text)
    predictions = read_examples(Path("plots/examples"), runs, chosen)
    pixels, labels = images["pixels"], images["labels"]
    return {
        "examples": sections.show_examples(pixels, chosen, predictions),
        "classes": sections.dataset_rows(
            counts, pixels, labels, FACES_SEED, FACES_SHOWN
        ),
    }
