"""Tell the study on one self-contained page, which opens from disk without a network.

Reads   data/images.npz, data/split.npz           the faces that the page shows
        metrics/dataset.json, metrics/split.json  what the data set holds
        metrics/study/                            tables, runs, and what they rest on
        metrics/paper/                            the published Tables 2-5
        metrics/weights, metrics/features         a file per variant that got so far
        metrics/test, metrics/calibration         a file per run
        metrics/costs.json                        milliseconds per image, by backbone
        metrics/architectures.json                the layers of each backbone
        metrics/assess.json                       the classifiers of each split
        plots/study/                              histories, initial and test scores, confusion
        plots/examples/<run>.csv                  the probabilities of the example images
        requirements.lock                         the versions that the page names
        dvc.lock                                  which of these are current
Params  all of params.yaml
Writes  plots/report.html                         shows faces of FER2013: not for Git
Source  the paper, sections 5-7
"""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.report import classifiers, content, html, sections
from fer_transfer.results import claims, evidence, findings, paper, runs, verdicts
from fer_transfer.results.protocols import by_the_text, groups, paper_split
from fer_transfer.scoring import scores
from fer_transfer.settings.settings import Settings, load_settings

logger = logging.getLogger(__name__)


def main() -> None:
    settings = load_settings()
    study = runs.read_study(settings)
    logger.info("Writing the page; variants with results: %d.", len(study["ran"]))
    known = faces.read()
    images = {"pixels": faces.read_images(), "labels": known.labels}
    split_name = paper_split(settings)
    split = files.read_npz(Path(f"data/splits/{split_name}.npz"))
    found = {
        "weights": content.read_each(Path("metrics/weights"), settings.variants),
        "features": content.read_each(Path("metrics/features"), settings.variants),
        "test": content.read_each(Path("metrics/test"), settings.runs),
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
    page = {
        **content.describe(settings, study, found),
        **content.show_results(
            settings,
            text,
            study["ran"],
            ours,
            scores.baseline(known.labels, len(known.classes)),
        ),
        "answer": files.read_json(content.STUDY / "answer.json"),
        "classifiers": classifiers.section(),
        "findings": findings.find(ours),
        "verdicts": claims.judge(
            ours, every_layer, evidence.of_the_paper(paper.read())
        ),
        "words": list(verdicts.WORDS.values()),
        **content.advise(settings, text, found, ours, test_labels),
        **content.show_faces(text, study["ran"], images, split["examples"]),
    }
    with files.atomic_write(Path("plots/report.html")) as part:
        part.write_text(html.render(page), encoding="utf-8", newline="\n")


def collect_results(
    settings: Settings, study: dict[str, Any], found: content.Found
) -> evidence.Evidence:
    """Collect the numbers of this study that claims, findings and advice rest on."""
    shown = groups(settings)
    runs = files.read_json(content.STUDY / "runs.json")
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
    split = files.read_json(Path(f"metrics/split/{paper_split(settings)}.json"))
    return evidence.Evidence(
        names=evidence.names(shown, paper.TRAINABLE_LAYERS, settings.compute.precision),
        tables=tables,
        absent={
            name: sections.why_missing(name, settings, study["stale"], found)
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


if __name__ == "__main__":
    command.run(main)
