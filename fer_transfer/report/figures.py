"""Table 1 and the figures of the paper that show images: 1, and 11-17."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fer_transfer.report import style
from fer_transfer.report.style import GREY
from fer_transfer.results.catalog import BACKBONES


def class_counts(paper: Mapping[str, int], ours: Mapping[str, int]) -> Figure:
    """Draw Table 1, the number of images of each emotion, with our own numbers.

    The columns stand in the order of the paper's; classes that it does not have stand alone.
    """
    is_papers = set(ours) <= set(paper)
    counts = pd.DataFrame(index=[*paper] if is_papers else [*ours])
    if is_papers:
        counts["the paper"] = pd.Series(paper)
    counts["this study"] = pd.Series(ours)
    counts = counts.fillna(0).astype(int)
    figure = Figure(figsize=(8, 3.6))
    figure.suptitle("Table 1: Number of pictures for each class")
    axes = figure.subplots()
    colours: dict[Any, Any] = {"the paper": style.lighter(GREY), "this study": GREY}
    (counts / counts.sum()).plot.bar(ax=axes, width=0.75, color=colours)
    axes.set_ylabel("Share of images")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xticks([])
    # The numbers stand under their bars, with their sum in a column more.
    axes.set_xlim(-0.5, len(counts) + 0.5)
    numbers = counts.T.assign(all=counts.sum())
    axes.table(
        numbers.map("{:,}".format).to_numpy().tolist(),
        rowLabels=[*numbers.index],
        colLabels=[*numbers],
        cellLoc="center",
        loc="bottom",
        edges="horizontal",
    ).scale(1, 1.5)
    return figure


def examples(
    pixels: np.ndarray, labels: Sequence[str], shape: tuple[int, int]
) -> Figure:
    """Draw Figure 1: images (N, 48, 48) in a grid, each under its class's name."""
    num_rows, num_columns = shape
    figure = Figure(figsize=(num_columns, 1.2 * num_rows + 0.5))
    figure.suptitle("Figure 1: Examples of images")
    grid = figure.subplots(num_rows, num_columns)
    for axes in grid.flat[len(pixels) :]:
        axes.set_axis_off()
    for axes, image, label in zip(grid.flat, pixels, labels, strict=False):
        _show_image(axes, image)
        axes.set_title(label, fontsize=8, pad=2)
    return figure


def classification(
    title: str,
    image: np.ndarray,
    label: str,
    probabilities: pd.DataFrame,
    styles: pd.DataFrame,
) -> Figure:
    """Draw one of Figures 11-17: a test image, and the probabilities that each network predicts.

    `probabilities` has a row per class and a column per group.
    """
    mine = styles.loc[probabilities.columns]
    columns = [
        list(mine.index[mine["backbone"] == backbone])
        for backbone in BACKBONES
        if (mine["backbone"] == backbone).any()
    ]
    num_rows = max(map(len, columns), default=1)
    widths = (2.4, 2.3 * max(len(columns), 2))  # inches
    figure = Figure(figsize=(sum(widths), 2 * num_rows + 0.9))
    figure.suptitle(title)
    left, right = figure.subfigures(1, 2, width_ratios=widths, squeeze=False)[0]
    axes = left.subplots()
    _show_image(axes, image)
    axes.set_title(f"a) labelled {label}")
    right.suptitle("b) Predicted emotion probabilities", fontsize=10)
    for column, names in enumerate(columns):
        for row, name in enumerate(names):
            number = row * len(columns) + column + 1
            axes = right.add_subplot(num_rows, len(columns), number)
            _draw_probabilities(axes, probabilities[name], label, mine.loc[name])
            axes.tick_params(labelleft=column == 0)
    return figure


def _draw_probabilities(
    axes: Axes, prediction: pd.Series, label: str, look: pd.Series
) -> None:
    """Draw one network's probabilities; a grey band marks the row of the image's label."""
    places = range(len(prediction))
    bars = axes.barh(
        places, prediction, 0.7, facecolor=look["fill"], edgecolor=look["colour"]
    )
    axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=7)
    actual = list(prediction.index).index(label)
    axes.axhspan(actual - 0.5, actual + 0.5, color="#E5E5E5", zorder=0)
    axes.set_yticks(places, prediction.index)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.2)  # room for a number behind a bar of 1
    axes.set_xticks([0, 0.5, 1])
    axes.grid(visible=False, axis="y")
    axes.set_title(f"{prediction.name}\npredicts {prediction.idxmax()}", fontsize=8)


def _show_image(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
