"""Learning curves (Figures 5-8): one drawing for the page and for PNGs."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from fer_transfer.report import vega
from fer_transfer.report.style import GREY
from fer_transfer.results.table import select

DASHES = {"solid": [1, 0], "dashed": [5, 4]}


def points_of(
    rows: pd.DataFrame, styles: pd.DataFrame, parts: Sequence[str]
) -> pd.DataFrame:
    """Return the curves of some sets, such as training and, lighter, validation.

    Args:
        rows: Rows of the table of runs, of one metric.
        styles: Of the groups (style.of_groups).
        parts: What to draw; one set alone is drawn in the full colour.

    Returns:
        A row per line and epoch: line (its title), colour, dash, width, epoch, and value, low and
        high: of several seeds their mean, the least and the most.
    """
    seeds = rows.groupby("group")["run"].nunique()
    points = (
        rows[rows["set"].isin(list(parts))]
        .rename(columns={"first": "epoch"})
        .groupby(["group", "set", "epoch"], sort=False)["value"]
        .agg(value="mean", low="min", high="max")
        .reset_index()
        .join(styles, on="group")
    )
    several = [
        f", {seeds[name]} seeds" if seeds[name] > 1 else "" for name in points["group"]
    ]
    full = (points["set"] == "train") | (len(parts) == 1)
    return points.assign(
        line=points["group"] + ", " + points["set"].map(vega.PARTS) + several,
        colour=points["colour"].where(full, points["light"]),
        width=np.where(full, 2.2, 1.6),
    )


def learning(
    rows: pd.DataFrame,
    metric: str,
    styles: pd.DataFrame,
    top: float,
    parts: Sequence[str] = tuple(vega.PARTS),
    legend: alt.Legend | None = None,
) -> vega.Chart:
    """Draw a metric after each epoch: hover reads an epoch, Ctrl and the wheel zoom.

    With a legend it is a picture instead.
    """
    points = points_of(select(rows, metric=metric), styles, parts)
    epoch = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )
    scale = alt.Scale(domain=[0, top], nice=False)
    value, low = (
        alt.Y(f"{key}:Q", title=vega.UNITS[metric], scale=scale)
        for key in ("value", "low")
    )
    # Vega-Lite cannot size a legend of nothing.
    curves = _curves(points, epoch, value, low, legend if len(points) else None)
    if legend:  # a picture, with nothing to touch
        return alt.layer(*curves)
    curves[0] = curves[0].properties(name="lines").add_params(vega.zoom())
    return alt.layer(*curves, _hover(points, epoch))


def _curves(
    points: pd.DataFrame,
    epoch: alt.X,
    value: alt.Y,
    low: alt.Y,
    legend: alt.Legend | None,
) -> list[vega.Chart]:
    """Draw the lines, a band between several seeds, and points where one epoch makes no line."""
    lines = points.drop_duplicates("line")
    titles = lines["line"]
    colour = vega.look("line", titles, lines["colour"], legend=legend)
    base = vega.inline(points[["line", "epoch", "value", "low", "high"]]).encode(
        epoch, value, color=colour
    )
    dashes = lines["dash"].map(DASHES)
    curves = [
        base.mark_line(clip=True).encode(
            strokeDash=vega.look("line", titles, dashes, legend=legend),
            # Vega-Lite warns of widths whose field has no order.
            strokeWidth=vega.look("line", titles, lines["width"], "ordinal"),
        )
    ]
    if (points["low"] < points["high"]).any():
        band = base.transform_filter("datum.low < datum.high")
        curves.append(band.mark_area(opacity=0.15, clip=True).encode(low, y2="high:Q"))
    if (points["line"].value_counts() == 1).any():
        curves.append(base.mark_point(clip=True, filled=True, size=36, opacity=1))
    return curves


def _hover(points: pd.DataFrame, epoch: alt.X) -> vega.Chart:
    """Mark the epoch nearest to the pointer, and list every line's value there."""
    titles = {
        title: f"line{place}" for place, title in enumerate(points["line"].unique())
    }
    table = points.pivot(index="epoch", columns="line", values="value")
    table = table[list(titles)].rename(columns=titles)
    tooltip = [
        alt.Tooltip(f"{name}:Q", title=title, format=".4f")
        for title, name in titles.items()
    ]
    hover = alt.selection_point(
        name="hover",
        fields=["epoch"],
        nearest=True,
        on="pointermove",
        clear="pointerout",
        empty=False,
    )
    return (
        vega.inline(table.reset_index())
        .mark_rule(color=GREY, clip=True)
        .encode(
            epoch,
            opacity=alt.condition(hover, alt.value(0.7), alt.value(0)),
            tooltip=[alt.Tooltip("epoch:Q", format="d"), *tooltip],
        )
        .properties(name="epochs")
        .add_params(hover)
    )


def figure(
    rows: pd.DataFrame, styles: pd.DataFrame, baseline: Mapping[str, float]
) -> vega.Chart:
    """Draw accuracy and loss side by side, as Figures 5-8 do, with a legend."""
    legend = alt.Legend(
        orient="bottom", columns=2, symbolType="stroke", symbolOpacity=1
    )
    panels = []
    for letter, metric in zip("ab", vega.UNITS, strict=True):
        level = vega.inline(pd.DataFrame({"value": [baseline[metric]]}))
        title = f"{letter}) {metric.capitalize()} (dotted: baseline, image not seen)"
        panels.append(
            alt.layer(
                learning(rows, metric, styles, top_of(rows, metric), legend=legend),
                level.mark_rule(color=GREY, strokeDash=[2, 3]).encode(y="value:Q"),
            ).properties(width=400, height=280, title=title)
        )
    return alt.hconcat(*panels)


def top_of(rows: pd.DataFrame, metric: str) -> float:
    """Return where the axis ends: of losses the next half above the greatest, else 1."""
    losses = select(rows[rows["set"].isin(list(vega.PARTS))], metric="loss")
    if metric == "accuracy" or losses.empty:
        return 1.0
    return float(np.ceil(2 * losses["value"].max()) / 2)
