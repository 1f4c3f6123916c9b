"""Draw the paper's figures, and its Table 1 as one.

Reads   data/faces/, data/splits/   images, labels, and a test image of each emotion
        metrics/study/study.json    which variants have results, on which data
        dvc.lock                    whether that is of the current settings and data
        plots/study/learning.csv    accuracy and loss after each epoch
        plots/study/initial.csv     after the first epoch
        plots/examples/<run>.csv    the probabilities of the example images
Params  all of params.yaml
Writes  plots/figures/              of no face: table-1.png; figure-05.png ... figure-08.png,
                                    training, one per backbone of the paper, and
                                    learning-<backbone>.png of any other; figure-09.png and
                                    figure-10.png, initial accuracy and loss
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
import pandas as pd
from matplotlib.figure import Figure

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.report import curves, figures, style
from fer_transfer.results import paper, runs
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.examples import read_examples
from fer_transfer.results.protocols import Group, by_the_text, groups, paper_split
from fer_transfer.results.seeds import first_names, first_runs
from fer_transfer.scoring import scores
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)

EXAMPLES_SEED = 42  # picks the images of Figure 1
EXAMPLES_SHAPE = (4, 8)  # its rows and columns

# A figure, its path below plots/, and the variants it is about.
Drawn = Iterator[tuple[str, Figure, list[str]]]


def main() -> None:
    settings = load_settings()
    study = runs.read_study(settings)
    images = {"pixels": faces.read_images(), "labels": faces.read().labels}
    split = Path(f"data/splits/{paper_split(settings)}.npz")
    rows = files.read_npz(split)["examples"]
    text = {
        name: group
        for name, group in groups(settings).items()
        if group.protocol == by_the_text(settings)
    }
    logger.info("Drawing the figures; variants with results: %d.", len(study["ran"]))
    with matplotlib.style.context(["default", style.SETTINGS]):
        for name, figure, variants in draw(text, study, images, rows):
            style.add_notes(figure, notes(study, variants))
            style.write_png(Path(f"plots/{name}.png"), figure)


def notes(study: dict[str, Any], variants: list[str]) -> list[str]:
    """Say what a reader of a figure about these variants must know."""
    lines = []
    if study["data"] == "synthetic":
        lines.append("Synthetic faces: these results say nothing about people.")
    for words, names in (
        ("Not run", [name for name in variants if name not in study["ran"]]),
        ("Features are uninformative", study["uninformative"]),
    ):
        named = [name for name in variants if name in names]
        if named:
            lines.append(f"{words}: {', '.join(named)}.")
    return lines


def draw(
    text: Mapping[str, Group],
    study: dict[str, Any],
    images: dict[str, np.ndarray],
    rows: np.ndarray,
) -> Drawn:
    """Draw all figures of the study, of the variants that trained by the paper's text."""
    pixels, labels = images["pixels"], images["labels"]
    yield from draw_data(pixels, labels)
    yield from draw_training(text, labels)
    runs = first_names(study["ran"], text)
    yield from draw_predictions(text, runs, pixels, rows)


def draw_data(pixels: np.ndarray, labels: np.ndarray) -> Drawn:
    """Draw Table 1 and Figure 1."""
    counts = np.bincount(labels, minlength=len(EMOTIONS)).tolist()
    ours = dict(zip(EMOTIONS, counts, strict=True))
    yield "figures/table-1", figures.class_counts(paper.CLASS_COUNTS, ours), []

    random = np.random.default_rng(EXAMPLES_SEED)
    rows = random.choice(len(pixels), np.prod(EXAMPLES_SHAPE), replace=False)
    shape = EXAMPLES_SHAPE
    yield "faces/figure-01", figures.examples(pixels[rows], labels[rows], shape), []


def draw_training(text: Mapping[str, Group], labels: np.ndarray) -> Drawn:
    """Draw Figures 5-10, and the training of backbones that the paper does not have."""
    styles = style.of_groups(text)
    scored = scores.baseline(labels, len(EMOTIONS))
    baseline = {"accuracy": scored["accuracy"], "loss": scored["prior_loss"]}
    learning = files.read_csv(Path("plots/study/learning.csv"))
    for backbone in dict.fromkeys([*paper.BACKBONES, *backbones_of(text)]):
        variants = [name for name, one in text.items() if one.backbone == backbone]
        name, title = learning_figure(backbone)
        history = learning[learning["variant"].isin(variants)]
        figure = curves.learning(title, history, styles, baseline)
        yield f"figures/{name}", figure, variants

    initial = files.read_csv(Path("plots/study/initial.csv"))
    initial = first_runs(initial[initial["variant"].isin(text)])
    for number, metric in ((9, "accuracy"), (10, "loss")):
        title = f"Figure {number}: Initial {metric}"
        figure = curves.initial(title, initial, metric, styles, baseline[metric])
        yield f"figures/figure-{number:02}", figure, list(text)


def backbones_of(text: Mapping[str, Group]) -> list[str]:
    return [
        name for name in BACKBONES if name in {one.backbone for one in text.values()}
    ]


def learning_figure(backbone: str) -> tuple[str, str]:
    """Return the file name and the title of a backbone's learning curves."""
    title = f"{BACKBONES[backbone].title} training process"
    if backbone not in paper.BACKBONES:
        return f"learning-{backbone}", title
    number = paper.FIRST_LEARNING_FIGURE + paper.BACKBONES.index(backbone)
    return f"figure-{number:02}", f"Figure {number}: {title}"


def draw_predictions(
    text: Mapping[str, Group],
    runs: Mapping[str, str],
    pixels: np.ndarray,
    rows: np.ndarray,
) -> Drawn:
    """Draw Figures 11-17, which the paper orders by the emotions' names."""
    styles = style.of_groups(text)
    predictions = read_examples(Path("plots/examples"), runs, rows)
    for number, emotion in enumerate(sorted(EMOTIONS), paper.FIRST_EXAMPLE_FIGURE):
        code = EMOTIONS.index(emotion)
        probabilities = pd.DataFrame(
            {
                name: table.loc[code, list(EMOTIONS)].astype(float)
                for name, table in predictions.items()
            }
        )
        figure = figures.classification(
            f"Figure {number}: Classification result of emotion “{emotion}”",
            pixels[rows[code]],
            emotion,
            probabilities,
            styles,
        )
        yield f"faces/figure-{number}", figure, list(text)


if __name__ == "__main__":
    command.run(main)
