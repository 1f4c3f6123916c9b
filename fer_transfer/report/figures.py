"""Table 1 and the figures of the paper that show images: 1, and 11-17."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fer_transfer.report import style
from fer_transfer.report.style import GREY

COLUMNS = 4  # of Figures 11-17


def class_counts(paper: Mapping[str, int], ours: Mapping[str, int]) -> Figure:
    """Draw Table 1, the number of images of each emotion, with our own numbers.

    The columns stand in the order of the paper's; classes that it does not have stand alone.
    """
    shown = {"the paper": paper} if set(ours) <= set(paper) else {}
    shown |= {"this study": ours}
    counts = pd.DataFrame(shown, index=[*next(iter(shown.values()))])
    counts = counts.fillna(0).astype(int)
    figure = Figure(figsize=(8, 3.6))
    figure.suptitle("Table 1: Number of pictures for each class")
    axes = figure.subplots()
    (counts / counts.sum()).plot.bar(
        ax=axes,
        width=0.75,
        color={"the paper": style.lighter(GREY), "this study": GREY},
        table=counts.T.map("{:,}".format),
    )
    axes.set_ylabel("Share of images")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xticks([])
    return figure


def examples(images: Mapping[str, np.ndarray]) -> Figure:
    """Draw Figure 1: images (n, 48, 48) of each class, a row for each."""
    figure = Figure(figsize=(5, len(images)))
    figure.suptitle("Figure 1: Examples of images")
    grid = figure.subplots(len(images), squeeze=False)
    for axes, (name, faces) in zip(grid.flat, images.items(), strict=True):
        _show_image(axes, np.hstack(list(faces)), name)
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
    num_rows = -(-(1 + len(probabilities.columns)) // COLUMNS)
    figure = Figure(figsize=(2.4 * COLUMNS, 2 * num_rows + 0.9))
    figure.suptitle(title)
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
        axes.set(xlim=(0, 1.2), xticks=[0, 0.5, 1])  # room for a number behind a bar
        axes.set_title(f"{name}\npredicts {shares.idxmax()}", fontsize=8)
    return figure


def _show_image(axes: Axes, image: np.ndarray, title: str) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    axes.set_title(title, fontsize=8)
