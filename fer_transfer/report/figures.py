"""The figures of the paper that are made of images, 1 and 11-17, by matplotlib."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_transfer.core import files
from fer_transfer.report import vega

COLUMNS = 4  # of Figures 11-17
CHARACTERS = 20  # of small print in an inch
STYLE = {"figure.constrained_layout.use": True, "font.size": 9}


def examples(images: Mapping[str, np.ndarray]) -> Figure:
    """Draw Figure 1: images (n, 48, 48) of each class, a row for each."""
    figure = Figure(figsize=(5, len(images)))
    grid = figure.subplots(len(images), squeeze=False)
    for axes, (name, faces) in zip(grid.flat, images.items(), strict=True):
        _show_image(axes, np.hstack(list(faces)), name)
    return figure


def classification(
    image: np.ndarray, label: str, probabilities: pd.DataFrame, styles: pd.DataFrame
) -> Figure:
    """Draw one of Figures 11-17: a test image, and the probabilities that each network predicts.

    `probabilities` has a row per class and a column per group.
    """
    num_rows = -(-(1 + len(probabilities.columns)) // COLUMNS)
    figure = Figure(figsize=(2.4 * COLUMNS, 2 * num_rows + 0.9))
    first, *others = figure.subplots(num_rows, COLUMNS, squeeze=False).flat
    _show_image(first, image, f"labelled {label}")
    for axes in others[len(probabilities.columns) :]:
        axes.set_axis_off()
    for axes, (name, shares) in zip(others, probabilities.items(), strict=False):
        look = styles.loc[str(name)]
        colours = {"facecolor": look["fill"], "edgecolor": look["colour"]}
        bars = axes.barh(shares.index, shares, 0.7, **colours)
        axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=7)
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set(xlim=(0, 1.2), xticks=[0, 0.5, 1])  # room for a number behind a bar
        axes.set_title(f"{name}\npredicts {shares.idxmax()}", fontsize=8)
    return figure


def _show_image(axes: Axes, image: np.ndarray, title: str) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    axes.set_title(title, fontsize=8)


def write_png(path: Path, figure: Figure, title: str, notes: list[str]) -> None:
    """Write a figure with a title and small print; the same figure gives the same bytes."""
    figure.suptitle(title)
    lines = vega.lines_of(notes, round(CHARACTERS * figure.get_figwidth()))
    # The one text whose place the layout keeps free at the lower edge.
    small = {"fontsize": 7, "color": vega.GREY}
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", **small)
    with files.atomic_write(path) as part:
        figure.savefig(part, format="png", dpi=150, metadata={"Software": None})
