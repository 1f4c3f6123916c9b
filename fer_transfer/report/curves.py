"""Figures 5-10 of the paper: how the variants train, and where they stand after one epoch."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from fer_transfer.report import style
from fer_transfer.report.lines import UNITS, Line, learning_curves
from fer_transfer.report.style import GREY, Style

BASELINE: dict[str, Any] = {
    "color": GREY,
    "linestyle": "dotted",
    "label": "baseline: image not seen",
}


def learning(
    title: str,
    history: pd.DataFrame,
    styles: Mapping[str, Style],
    baseline: Mapping[str, float],
) -> Figure:
    """Draw one of Figures 5-8: accuracy and loss of a backbone's variants after each epoch."""
    figure = Figure(figsize=(11, 4.2))
    figure.suptitle(title)
    panels = figure.subplots(1, 2)
    for axes, letter, metric in zip(panels, "ab", UNITS, strict=True):
        axes.set_title(f"{letter}) {metric.capitalize()} change over epoch", loc="left")
        for line in learning_curves(history, metric, styles):
            _draw_curve(axes, line)
        axes.axhline(baseline[metric], **BASELINE)
        axes.set_xlabel("Epoch")
        axes.set_ylabel(UNITS[metric].capitalize())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right upper", fontsize=8)
    return figure


def _draw_curve(axes: Axes, line: Line) -> None:
    """Draw a curve; of several seeds it is the mean, with a band from the least to the most."""
    epochs = list(line.values)
    axes.plot(
        epochs,
        list(line.values.values()),
        label=line.title,
        color=line.colour,
        linestyle=line.dash,
        linewidth=line.width,
        marker=line.marker or ("." if len(epochs) == 1 else ""),
        markersize=4,
    )
    if line.has_spread:
        bounds = list(line.low.values()), list(line.high.values())
        axes.fill_between(epochs, *bounds, color=line.colour, alpha=0.2, linewidth=0)


def initial(
    title: str,
    table: pd.DataFrame,
    metric: str,
    styles: Mapping[str, Style],
    baseline: float,
) -> Figure:
    """Draw Figure 9 or 10: a bar per variant after epoch 1, validation under training."""
    figure = Figure(figsize=(10, 0.5 * len(table) + 1.6))
    figure.suptitle(title)
    axes = figure.subplots()
    line = axes.axvline(baseline, zorder=3, **BASELINE)
    for place, row in enumerate(table.to_dict("records")):
        full = styles[row["run"]]
        light = full._replace(colour=style.lighter(full.colour))
        _draw_bar(axes, place - 0.2, row[metric], full)
        _draw_bar(axes, place + 0.2, row[f"val_{metric}"], light)
    axes.set_yticks(range(len(table)), table["run"])
    axes.invert_yaxis()
    axes.margins(x=0.1)  # room for the numbers
    axes.set_xlim(left=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"{UNITS[metric].capitalize()} after epoch 1")
    train = Patch(color=GREY, label="training")
    val = Patch(color=style.lighter(GREY), label="validation")
    figure.legend(handles=[train, val, line], loc="outside right upper", fontsize=8)
    return figure


def _draw_bar(axes: Axes, place: float, length: float, look: Style) -> None:
    """Draw a bar with its number, which hides the baseline where they meet."""
    bars = axes.barh(place, length, 0.38, **style.bar(look))
    for text in axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8):
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
