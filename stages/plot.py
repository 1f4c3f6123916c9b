"""Draw the paper's figures, and its Table 1 as one.

Reads   data/faces/                 images, labels and classes
        data/splits/<split>.npz     a test image of each class
        metrics/study/study.json    which groups of runs have results, on which data
        dvc.lock                    whether that is of the current settings and data
        metrics/study/advice.json   the accuracy of the majority class
        plots/study/results.csv     every run's numbers
        plots/study/groups.csv      the same over seeds
        plots/examples/<run>.csv    the probabilities of the example images
Params  all but searches
Writes  plots/figures/              of no face: table-1.png; figure-05.png ... figure-08.png,
                                    training, one per backbone of the paper, and
                                    learning-<backbone>.png of any other; figure-09.png and
                                    figure-10.png, initial accuracy and loss; accuracy.png, test
                                    accuracy of all runs
        plots/faces/                figure-01.png, random images; figure-11.png ...
                                    figure-17.png, predictions, one per emotion
Source  the paper, sections 3.1 and 5
"""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.report import charts, figures, learning, style, vega
from fer_transfer.results import inputs, paper
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.protocols import Group, groups, of_protocol, paper_protocol
from fer_transfer.scoring import scores
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)

FIGURES, FACES = Path("plots/figures"), Path("plots/faces")
EXAMPLES_SEED = 42  # picks the images of Figure 1
EXAMPLES_SHAPE = (4, 8)  # its rows and columns
WIDTH = 560  # pixels of a chart
ACCURACY_NOTE = (
    "A point per run, with its 95% interval over images (Wilson), which knows nothing of seeds; a "
    "tick for the mean of a group. Dotted: the majority class. On another split the test images "
    "are others, so these accuracies do not compare."
)


def main() -> None:
    settings = load_settings()
    study, data = inputs.read_study(settings), inputs.read_data(settings)
    shown = groups(settings)
    text = of_protocol(shown, paper_protocol(settings))
    logger.info("Drawing the figures; variants with results: %d.", len(study["ran"]))
    for file, chart, title, notes in draw_charts(shown, text, study, data):
        vega.write_png(FIGURES / f"{file}.png", chart, title, notes)
    with matplotlib.style.context(["default", style.SETTINGS]):
        draw_faces(text, study, data)


def notes_on(study: Mapping[str, Any], names: list[str]) -> list[str]:
    """Say what a reader of a figure about these groups must know."""
    lines = []
    if study["data"] == "synthetic":
        lines.append("Synthetic faces: these results say nothing about people.")
    for words, those in (
        ("Not run", [name for name in names if name not in study["ran"]]),
        ("Features are uninformative", study["uninformative"]),
    ):
        named = [name for name in names if name in those]
        if named:
            lines.append(f"{words}: {', '.join(named)}.")
    return lines


def draw_charts(
    shown: Mapping[str, Group],
    text: Mapping[str, Group],
    study: Mapping[str, Any],
    data: inputs.Data,
) -> Iterator[tuple[str, vega.Chart, str, list[str]]]:
    """Yield the file, the chart, the title and the notes of each figure without a face."""
    styles = style.of_groups(shown)
    runs, summary = inputs.read_table("results"), inputs.read_table("groups")
    scored = scores.baseline(data.labels, len(data.classes))
    baseline = {"accuracy": scored["accuracy"], "loss": scored["prior_loss"]}
    others = sorted({group.backbone for group in text.values()})
    for backbone in dict.fromkeys([*paper.BACKBONES, *others]):
        names = [name for name in text if text[name].backbone == backbone]
        file, title = learning_figure(backbone)
        rows = runs[runs["group"].isin(names)]
        chart = learning.figure(rows, styles, baseline)
        yield file, chart, title, notes_on(study, names)
    mine = summary[summary["group"].isin(list(text))]
    bars = "Training above validation, which is lighter. Dotted: baseline."
    for number, metric in ((9, "accuracy"), (10, "loss")):
        chart = charts.initial(mine, metric, styles, baseline[metric])
        title = f"Figure {number}: Initial {metric}"
        notes = [bars, *notes_on(study, list(text))]
        yield f"figure-{number:02}", chart.properties(width=WIDTH), title, notes
    if not runs.empty:
        share = files.read_json(Path("metrics/study/advice.json"))["baseline"]
        chart = charts.accuracies(runs, styles, share, data.paper_split)
        notes = [ACCURACY_NOTE, *notes_on(study, [])]
        yield "accuracy", chart.properties(width=WIDTH), "Test accuracy", notes


def learning_figure(backbone: str) -> tuple[str, str]:
    """Return the file name and the title of a backbone's learning curves."""
    title = f"{BACKBONES[backbone].title} training process"
    number = paper.LEARNING_FIGURES.get(backbone)
    if number is None:
        return f"learning-{backbone}", title
    return f"figure-{number:02}", f"Figure {number}: {title}"


def draw_faces(
    text: Mapping[str, Group], study: Mapping[str, Any], data: inputs.Data
) -> None:
    """Draw Table 1, Figure 1, and Figures 11-17, which the paper orders by the classes' names."""
    ours = dict(zip(data.classes, np.bincount(data.labels), strict=False))
    counts = figures.class_counts(paper.CLASS_COUNTS, ours)
    style.write_png(FIGURES / "table-1.png", counts, notes_on(study, []))
    images = faces.read_images()
    random = np.random.default_rng(EXAMPLES_SEED)
    number = min(len(images), int(np.prod(EXAMPLES_SHAPE)))
    rows = random.choice(len(images), number, replace=False)
    names = [data.classes[code] for code in data.labels[rows]]
    figure = figures.examples(images[rows], names, EXAMPLES_SHAPE)
    style.write_png(FACES / "figure-01.png", figure, notes_on(study, []))

    styles = style.of_groups(text)
    examples = inputs.read_examples(data, inputs.first_runs(study["ran"], text))
    for number, name in enumerate(sorted(data.classes), paper.FIRST_EXAMPLE_FIGURE):
        if name not in examples:  # no test image shows it
            continue
        example = examples[name]
        title = f"Figure {number}: Classification result of emotion “{name}”"
        image, shares = images[example.row], example.probabilities
        figure = figures.classification(title, image, name, shares, styles)
        path = FACES / f"figure-{number}.png"
        style.write_png(path, figure, notes_on(study, list(text)))


if __name__ == "__main__":
    command.run(main)
