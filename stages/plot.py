"""Draw the paper's figures, and its Table 1 as one.

Reads   data/images.npz               pixels (N, 48, 48) uint8, labels (N,) uint8
        data/split.npz                examples (7,): a test image of each emotion
        metrics/study.json            which variants ran, and on what
        plots/learning/<backbone>.csv accuracy and loss after each epoch
        plots/initial.csv             after the first epoch
        plots/examples/<variant>.csv  the probabilities of the example images
Params  variants
Writes  plots/figures/table-1.png     number of images of each emotion
        plots/figures/figure-01.png   random images
        plots/figures/figure-05.png ... figure-08.png  training, one per backbone
        plots/figures/figure-09.png, figure-10.png     initial accuracy, initial loss
        plots/figures/figure-11.png ... figure-17.png  predictions, one per emotion
Source  the paper, sections 3.1 and 5 (Figures 2-4 are architectures, and not drawn)
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stages.lib.core import console, files
from stages.lib.core.errors import InputError
from stages.lib.page import curves, figures, style
from stages.lib.scoring import scores
from stages.lib.study.fer2013 import EMOTIONS
from stages.lib.study.settings import Settings, Variant, load_settings

logger = logging.getLogger(__name__)

# The paper's Table 1, in its order.
PAPER_COUNTS = {
    "angry": 4_953,
    "surprise": 4_002,
    "disgust": 547,
    "neutral": 6_198,
    "happy": 8_989,
    "fear": 5_121,
    "sad": 6_077,
}

EXAMPLES_SEED = 42  # picks the images of Figure 1
EXAMPLES_SHAPE = (4, 8)  # its rows and columns

# A figure, the name of its file, and the variants it is about.
Drawn = Iterator[tuple[str, Figure, list[str]]]


def main() -> None:
    settings = load_settings()
    study = files.read_json(Path("metrics/study.json"))
    images = files.read_npz(Path("data/images.npz"))
    logger.info("Drawing the figures; variants with results: %d.", len(study["ran"]))
    with matplotlib.style.context(["default", style.SETTINGS]):
        for name, figure, variants in draw(settings, study["ran"], images):
            style.add_notes(figure, notes(study, variants))
            style.write_png(Path(f"plots/figures/{name}.png"), figure)


def notes(study: dict[str, Any], variants: list[str]) -> list[str]:
    """Say what a reader of a figure about these variants must know."""
    lines = []
    if study["data"] == "sample":
        lines.append("Drawn faces: these results say nothing about people.")
    for words, names in (
        ("Not run", study["missing"]),
        ("Features carry no signal", study["uninformative"]),
    ):
        named = [name for name in variants if name in names]
        if named:
            lines.append(f"{words}: {', '.join(named)}.")
    return lines


def draw(settings: Settings, ran: list[str], images: dict[str, np.ndarray]) -> Drawn:
    """Draw all figures of the study, given the variants with results."""
    pixels, labels = images["pixels"], images["labels"]
    yield from draw_data(pixels, labels)
    yield from draw_training(settings.variants, labels)
    yield from draw_predictions(settings.variants, ran, pixels)


def draw_data(pixels: np.ndarray, labels: np.ndarray) -> Drawn:
    """Draw Table 1 and Figure 1."""
    counts = np.bincount(labels, minlength=len(EMOTIONS)).tolist()
    ours = dict(zip(EMOTIONS, counts, strict=True))
    yield "table-1", figures.class_counts(PAPER_COUNTS, ours), []

    random = np.random.default_rng(EXAMPLES_SEED)
    rows = random.choice(len(pixels), np.prod(EXAMPLES_SHAPE), replace=False)
    shape = EXAMPLES_SHAPE
    yield "figure-01", figures.examples(pixels[rows], labels[rows], shape), []


def draw_training(variants: dict[str, Variant], labels: np.ndarray) -> Drawn:
    """Draw Figures 5-10."""
    styles = style.of_variants(variants)
    guess = scores.baseline(labels)
    chance = {"accuracy": guess["accuracy"], "loss": guess["prior_loss"]}
    for number, (backbone, title) in enumerate(style.BACKBONES.items(), start=5):
        history = files.read_csv(Path(f"plots/learning/{backbone}.csv"))
        figure = curves.learning(
            f"Figure {number}: {title} training process", history, styles, chance
        )
        of_backbone = [name for name in variants if variants[name].backbone == backbone]
        yield f"figure-{number:02}", figure, of_backbone

    initial = files.read_csv(Path("plots/initial.csv"))
    for number, metric in ((9, "accuracy"), (10, "loss")):
        title = f"Figure {number}: Initial {metric}"
        figure = curves.initial(title, initial, metric, styles, chance[metric])
        yield f"figure-{number:02}", figure, list(variants)


def draw_predictions(
    variants: dict[str, Variant], ran: list[str], pixels: np.ndarray
) -> Drawn:
    """Draw Figures 11-17, which the paper orders by the emotions' names."""
    styles = style.of_variants(variants)
    rows = files.read_npz(Path("data/split.npz"))["examples"]
    answers = {name: read_answers(name, rows) for name in ran}
    for number, emotion in enumerate(sorted(EMOTIONS), start=11):
        code = EMOTIONS.index(emotion)
        probabilities = pd.DataFrame(
            {name: table.iloc[code] for name, table in answers.items()}
        )
        figure = figures.classification(
            f"Figure {number}: Classification result of emotion “{emotion}”",
            pixels[rows[code]],
            emotion,
            probabilities,
            styles,
        )
        yield f"figure-{number}", figure, list(variants)


def read_answers(variant: str, rows: np.ndarray) -> pd.DataFrame:
    """Read a variant's probabilities (7, 7) of the example images in these rows."""
    path = Path(f"plots/examples/{variant}.csv")
    table = files.read_csv(path)
    if table["row"].tolist() != rows.tolist():
        raise InputError(
            f"{path} belongs to another split: expected the images {rows.tolist()}, "
            f"got {table['row'].tolist()}. Run `dvc repro evaluate@{variant}`."
        )
    return table[list(EMOTIONS)]


if __name__ == "__main__":
    console.run(main)
