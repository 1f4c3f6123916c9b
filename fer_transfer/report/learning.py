"""Learning curves (Figures 5-8): one drawing for the page and for PNGs."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from fer_transfer.report import vega
from fer_transfer.results.table import select

AXIS = alt.Axis(tickMinStep=1, format="d", grid=False)
EPOCH = alt.X("epoch:Q", title="epoch", scale=alt.Scale(nice=False), axis=AXIS)


def points_of(rows: pd.DataFrame, styles: pd.DataFrame) -> pd.DataFrame:
    """Return the curves of training and, lighter, validation; of one of them in full colour.

    Args:
        rows: Rows of the table of runs, of one metric.
        styles: Of the groups (vega.styles_of).

    Returns:
        A row per line and epoch: line (its title), colour, opacity, dash, epoch, and value, low
        and high: of several seeds their mean, the least and the most.
    """
    seeds = rows.groupby("group")["run"].nunique()
    points = (
        rows.rename(columns={"first": "epoch"})
        .groupby(["group", "set", "epoch"], sort=False)["value"]
        .agg(value="mean", low="min", high="max", runs="size")
        .reset_index()
        # Where one has stopped early, the mean would be that of the others.
        .loc[lambda points: points["runs"] == points["group"].map(seeds)]
        .join(styles, on="group")
        .join(vega.PARTS, on="set", how="inner")
    )
    several = [f", {n} seeds" if n > 1 else "" for n in seeds[points["group"]]]
    points["line"] = points["group"] + ", " + points["part"] + several
    points["opacity"] /= points["opacity"].max()
    columns = ["line", "colour", "opacity", "dash", "epoch", "value", "low", "high"]
    return points[columns]


def learning(
    rows: pd.DataFrame, metric: str, styles: pd.DataFrame, top: float
) -> vega.Chart:
    """Draw a metric after each epoch; hover reads an epoch."""
    points = points_of(select(rows, metric=metric), styles)
    return alt.layer(*_curves(points, metric, top), _hover(points))


def _curves(points: pd.DataFrame, metric: str, top: float) -> list[vega.Chart]:
    """Draw a line per group and set, and the bands of those with several seeds."""
    scale = alt.Scale(domain=[0, top], nice=False)
    value, low = (
        alt.Y(f"{key}:Q", title=vega.UNITS[metric], scale=scale)
        for key in ("value", "low")
    )
    base = vega.inline(points).encode(
        EPOCH, value, detail="line:N", color=vega.as_given("colour")
    )
    # The points show a run of one epoch, which makes no line.
    lines = base.mark_line(
        clip=True, strokeWidth=2, point=alt.OverlayMarkDef(size=8)
    ).encode(opacity=vega.as_given("opacity"), strokeDash=vega.as_given("dash"))
    if not (points["low"] < points["high"]).any():
        return [lines]  # Vega warns of an area of no points
    bands = base.mark_area(opacity=0.15, clip=True).encode(low, y2="high:Q")
    return [lines, bands.transform_filter("datum.low < datum.high")]


def _hover(points: pd.DataFrame) -> vega.Chart:
    """Mark the epoch nearest to the pointer, and list every line's value there."""
    hover = alt.selection_point(
        name="hover",
        fields=["epoch"],
        nearest=True,
        on="pointermove",
        clear="pointerout",
        empty=False,
    )
    values = vega.numbers(".4f", *points["line"].unique())
    return (
        vega.inline(points)
        .transform_pivot("line", value="value", groupby=["epoch"])
        .mark_rule(color=vega.GREY, clip=True)
        .encode(
            EPOCH,
            opacity=alt.condition(hover, alt.value(0.7), alt.value(0)),
            tooltip=[alt.Tooltip("epoch:Q", format="d"), *values],
        )
        .properties(name="epochs")
        .add_params(hover)
    )


def figure(
    rows: pd.DataFrame, styles: pd.DataFrame, baseline: Mapping[str, float]
) -> vega.Chart:
    """Draw accuracy and loss side by side, as Figures 5-8 do."""
    panels = []
    for letter, metric in zip("ab", vega.UNITS, strict=True):
        points = points_of(select(rows, metric=metric), styles)
        curves = _curves(points, metric, top_of(rows, metric))
        panel = alt.layer(*curves, vega.baseline(baseline[metric], "y"))
        title = f"{letter}) {metric}"
        panels.append(panel.properties(width=400, height=280, title=title))
    return alt.hconcat(*panels)


def top_of(rows: pd.DataFrame, metric: str) -> float:
    """Return where the axis ends: of losses the next half above the greatest, else 1."""
    losses = select(rows[rows["set"].isin(vega.PARTS.index)], metric="loss")
    if metric == "accuracy" or losses.empty:
        return 1.0
    return float(np.ceil(2 * losses["value"].max()) / 2)
