"""Tell the study on one self-contained page, which opens from disk without a network.

Reads   data/images.npz, data/split.npz           the faces that the page shows
        metrics/dataset.json, metrics/split.json  what the data set holds
        metrics/study/                            tables, runs, and what they rest on
        metrics/paper/                            the published Tables 2-5
        metrics/weights, metrics/features         a file per variant that got so far
        metrics/test, metrics/calibration         a file per run
        metrics/costs.json                        milliseconds per image, by backbone
        metrics/architectures.json                the layers of each backbone
        plots/study/                              histories, initial and test scores, confusion
        plots/examples/<run>.csv                  the probabilities of the example images
        requirements.lock                         the versions that the page names
Params  all of params.yaml
Writes  plots/report.html                         shows faces of FER2013: not for Git
Source  the paper, sections 5-7
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from stages.lib.core import console, files
from stages.lib.page import html, sections, style
from stages.lib.results import claims, evidence, findings, paper, recommend, verdicts
from stages.lib.results.examples import read_examples
from stages.lib.results.seeds import first_names
from stages.lib.scoring import scores
from stages.lib.study.catalog import BACKBONES
from stages.lib.study.fer2013 import EMOTIONS
from stages.lib.study.protocols import Group, by_the_text, groups
from stages.lib.study.settings import SECTIONS, Settings, load_settings

logger = logging.getLogger(__name__)

STUDY = Path("metrics/study")
FACES_SEED = 42  # picks the images of the data set that are shown
FACES_SHOWN = 6  # of each emotion

Found = dict[str, dict[str, Any]]  # kind of metric, variant or run, what its file holds


def main() -> None:
    settings = load_settings()
    study = files.read_json(STUDY / "study.json")
    logger.info("Writing the page; variants with results: %d.", len(study["ran"]))
    images = files.read_npz(Path("data/images.npz"))
    split = files.read_npz(Path("data/split.npz"))
    found = {
        "weights": read_each("metrics/weights", settings.variants),
        "features": read_each("metrics/features", settings.variants),
        "test": read_each("metrics/test", settings.runs),
    }
    shown = groups(settings)
    text = {
        name: group
        for name, group in shown.items()
        if group.protocol == by_the_text(settings)
    }
    ours = collect_results(settings, study, found)
    every_layer = replace(
        ours, names=evidence.names(shown, "all", settings.compute.precision)
    )
    test_labels = images["labels"][split["test"][~split["test_has_duplicate"]]]
    content = {
        **describe(settings, study, found),
        **show_results(settings, text, ours, scores.baseline(images["labels"])),
        "answer": files.read_json(STUDY / "answer.json"),
        "findings": findings.find(ours),
        "verdicts": judge(ours, every_layer),
        "words": list(verdicts.WORDS.values()),
        **advise(settings, text, found, ours, test_labels),
        **show_faces(text, study["ran"], images, split["examples"]),
    }
    with files.atomic_write(Path("plots/report.html")) as part:
        part.write_text(html.render(content), encoding="utf-8", newline="\n")


def read_each(folder: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Read the JSON of each name that has one in a folder."""
    paths = {name: Path(folder) / f"{name}.json" for name in names}
    return {
        name: files.read_json(path) for name, path in paths.items() if path.is_file()
    }


def read_if_there(path: Path) -> Any:
    return files.read_json(path) if path.is_file() else None


def collect_results(
    settings: Settings, study: dict[str, Any], found: Found
) -> evidence.Evidence:
    """Collect the numbers of this study that claims, findings and advice rest on."""
    shown = groups(settings)
    runs = files.read_json(STUDY / "runs.json")
    tables = {
        table: {
            name: [runs[run][table] for run in ran]
            for name, ran in study["ran"].items()
        }
        for table in (*paper.TABLES, "initial", "final")
    }
    tables["recall"] = {
        name: [found["test"][run]["test"]["recall"] for run in ran]
        for name, ran in study["ran"].items()
    }
    split = files.read_json(Path("metrics/split.json"))
    return evidence.Evidence(
        names=evidence.names(shown, paper.TRAINABLE_LAYERS, settings.compute.precision),
        tables=tables,
        absent={
            name: sections.why_missing(name, settings, found)
            for name in shown
            if name not in study["ran"]
        },
        uninformative=frozenset(study["uninformative"]),
        precisions={name: group.protocol.precision for name, group in shown.items()},
        num_val=split["val"]["total"],
        num_test=split["test"],
        parameters={
            settings.variants[name].backbone: measured["parameters"]["backbone"]
            for name, measured in found["features"].items()
        },
        milliseconds=files.read_json(Path("metrics/costs.json"))[
            "milliseconds_per_image"
        ],
    )


def describe(settings: Settings, study: dict[str, Any], found: Found) -> dict[str, Any]:
    """Return what the results rest on."""
    shown = groups(settings)
    return {
        "study": study,
        "groups": shown,
        "variant_of": {name: settings.runs[name].variant for name in shown},
        "absent": [name for name in shown if name not in study["ran"]],
        "why_missing": {
            name: sections.why_missing(name, settings, found)
            for name in shown
            if name not in study["ran"]
        },
        "styles": style.of_groups(shown),
        "catalog": BACKBONES,
        "emotions": EMOTIONS,
        "weights": found["weights"],
        "features": found["features"],
        "dataset": files.read_json(Path("metrics/dataset.json")),
        "split": files.read_json(Path("metrics/split.json")),
        "versions": sections.versions(),
        "architectures": files.read_json(Path("metrics/architectures.json")),
        "settings": {name: settings[name] for name in SECTIONS},
    }


def show_results(
    settings: Settings,
    text: Mapping[str, Group],
    ours: evidence.Evidence,
    baseline: dict[str, float],
) -> dict[str, Any]:
    """Return the tables of rates, the first and last epoch, and every chart."""
    tables = []
    for key, table in paper.TABLES.items():
        published = files.read_json(Path(f"metrics/paper/{key}.json"))
        windows, rows = sections.rate_rows(
            text,
            files.read_json(STUDY / f"{key}.json"),
            published,
            files.read_json(STUDY / f"{key.replace('table', 'difference')}.json"),
        )
        tables.append({"key": key, "table": table, "windows": windows, "rows": rows})
    plots = {
        name: files.read_csv(Path(f"plots/study/{name}.csv"))
        for name in ("learning", "initial", "test", "confusion")
    }
    ferplus = read_if_there(STUDY / "ferplus.json")
    agreement = ferplus["agreement"]["test"]["share"] if ferplus else None
    charts = sections.draw_charts(
        plots, ours, groups(settings), text, baseline, agreement
    )
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
        "calibration": read_each("metrics/calibration", text),
        "charts": charts,
        "specs": html.specs(charts),
        "vega": html.vega(),
    }


def judge(
    ours: evidence.Evidence, every_layer: evidence.Evidence
) -> list[dict[str, Any]]:
    """Judge every claim by our numbers under both protocols, and by the paper's own."""
    published = {
        name: files.read_json(Path(f"metrics/paper/{name}.json"))
        for name in paper.TABLES
    }
    theirs = evidence.Evidence(
        names={
            (backbone, weights): f"{backbone}-{weights}"
            for backbone in paper.BACKBONES
            for weights in ("pretrained", "random")
        },
        tables={
            **{
                table: {name: [row] for name, row in rows.items()}
                for table, rows in published.items()
            },
            "final": {},
        },
    )
    return [
        {
            "ours": verdicts.judge(claim, ours),
            "every_layer": verdicts.judge(claim, every_layer)
            if every_layer.usable()
            else None,
            "paper": verdicts.judge(claim, theirs),
        }
        for claim in claims.CLAIMS
    ]


def advise(
    settings: Settings,
    text: Mapping[str, Group],
    found: Found,
    ours: evidence.Evidence,
    test_labels: np.ndarray,
) -> dict[str, Any]:
    """Return which backbone is for which situation, and what that was chosen from."""
    baseline = scores.baseline(test_labels)["accuracy"] if len(test_labels) else 0.0
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


if __name__ == "__main__":
    console.run(main)
