"""Draw the paper's figures.

Reads   data/faces/                 images, labels and classes
        data/splits/<split>.npz     a test image of each class
        metrics/study/              which groups of runs have results, on which data; the
                                    accuracy of the majority class
        dvc.lock                    whether that is of the current settings
        plots/study/results.csv     every run's numbers
        plots/study/groups.csv      the same over seeds
        plots/examples/<run>.csv    the probabilities of the example images
Params  all but searches
Writes  plots/figures/              of no face: figure-05.png ... figure-08.png, training,
                                    one per backbone of the paper, and
                                    learning-<backbone>.png of any other; figure-09.png and
                                    figure-10.png, initial accuracy and loss; accuracy.png, test
                                    accuracy of all runs
        plots/faces/                figure-01.png, images of each class; figure-11.png ...
                                    figure-17.png, predictions, one per emotion
Source  the paper, sections 3.1 and 5
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

from fer_transfer.console import command
from fer_transfer.data import faces
from fer_transfer.report import charts, figures, learning, vega
from fer_transfer.report.shown import Shown, pick_faces, read
from fer_transfer.results import inputs, paper
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.settings.settings import load_settings

FIGURES, FACES = Path("plots/figures"), Path("plots/faces")
CURVES_NOTE = (
    "Dashed: random weights. Lighter: validation. Dotted: baseline that ignores the image. With "
    "several seeds: their mean, and a band from minimum to maximum."
)
BARS_NOTE = "Training above validation, which is lighter. Dotted: baseline."
ACCURACY_NOTE = (
    "A point per run on {}, with its 95% interval over images (Wilson), not over seeds; a tick per "
    "group mean. Filled: pretrained. Dotted: the majority class."
)


def main() -> None:
    shown = read(load_settings())
    for path, chart, title, notes in draw_charts(shown):
        vega.write_png(path, chart, title, notes)
    with matplotlib.style.context(["default", figures.STYLE]):  # not the user's own
        for path, figure, title, notes in draw_faces(shown):
            figures.write_png(path, figure, title, notes)


def notes_on(shown: Shown, names: Iterable[str] = ()) -> list[str]:
    """Say what a reader of a figure about these groups must know."""
    study, lines = shown.study, []
    if study["data"] == paper.SYNTHETIC:
        lines.append("Synthetic faces: these results say nothing about people.")
    absent = [name for name in names if name not in study["ran"]]
    constant = [name for name in names if name in study["uninformative"]]
    for words, named in (("Not run", absent), ("Features are uninformative", constant)):
        if named:
            lines.append(f"{words}: {', '.join(named)}.")
    return lines


def titled(shown: Shown, number: int, title: str) -> str:
    """Number a figure as in the paper, unless the data are not the paper's."""
    return title if shown.own else f"Figure {number}: {title}"


def draw_charts(shown: Shown) -> Iterator[tuple[Path, vega.Chart, str, list[str]]]:
    """Draw the figures without a face: yield file, chart, title and notes of each."""
    groups = shown.paper_groups
    others = sorted({group.backbone for group in groups.values()})
    numbers = {} if shown.own else paper.LEARNING_FIGURES
    for backbone in dict.fromkeys([*numbers, *others]):
        names = [key for key, group in groups.items() if group.backbone == backbone]
        rows = shown.runs[shown.runs["group"].isin(names)]
        chart = learning.figure(rows, shown.styles, shown.baseline)
        file, title = f"learning-{backbone}", BACKBONES[backbone].title
        if number := numbers.get(backbone):
            file, title = f"figure-{number:02}", titled(shown, number, title)
        notes = [CURVES_NOTE, *notes_on(shown, names)]
        yield FIGURES / f"{file}.png", chart, f"{title} training process", notes
    for number, metric in ((9, "accuracy"), (10, "loss")):
        chart = charts.initial(shown, metric).properties(width=vega.WIDTH)
        title = titled(shown, number, f"Initial {metric}")
        notes = [BARS_NOTE, *notes_on(shown, groups)]
        yield FIGURES / f"figure-{number:02}.png", chart, title, notes
    if shown.data.paper_split in shown.runs["split"].array:
        chart = charts.accuracies(shown).properties(width=vega.WIDTH)
        split = f"split {shown.data.paper_split}" if shown.own else "the paper's split"
        notes = [ACCURACY_NOTE.format(split), *notes_on(shown)]
        yield FIGURES / "accuracy.png", chart, "Test accuracy", notes


def draw_faces(shown: Shown) -> Iterator[tuple[Path, Figure, str, list[str]]]:
    """Draw Figure 1, and Figures 11-17, which the paper orders by the classes' names."""
    data, images = shown.data, faces.read_images()
    picked = pick_faces(data.labels, data.classes)
    shows = {name: images[rows] for name, rows in picked.items() if len(rows)}
    figure = figures.examples(shows)
    title = titled(shown, 1, "Examples of images")
    yield FACES / "figure-01.png", figure, title, notes_on(shown)
    examples = inputs.read_examples(data, shown.first_runs)
    for number, name in enumerate(sorted(data.classes), paper.FIRST_EXAMPLE_FIGURE):
        if name not in examples:  # no test image shows it
            continue
        row, shares = examples[name]
        what = "class" if shown.own else "emotion"
        title = titled(shown, number, f"Classification result of {what} “{name}”")
        figure = figures.classification(images[row], name, shares, shown.styles)
        path = FACES / f"figure-{number}.png"
        yield path, figure, title, notes_on(shown, shown.paper_groups)


if __name__ == "__main__":
    command.run(main)
