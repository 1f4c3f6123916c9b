"""Learning curves (Figures 5-8): one drawing for the page and for PNGs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from fer_transfer.report import style, vega
from fer_transfer.report.style import GREY, Style
from fer_transfer.results.table import records

DASHES = {"solid": [1, 0], "dashed": [5, 4]}


class Line(NamedTuple):
    """One curve: its name, how it looks, and its points.

    Of several seeds a point's value is their mean; `low` and `high` are the least and the most.
    """

    title: str
    colour: str
    dash: str
    width: float
    points: pd.DataFrame  # epoch, value, low, high


def lines_of(
    rows: pd.DataFrame, styles: Mapping[str, Style], parts: Sequence[str]
) -> list[Line]:
    """Return each group's curves of some sets, such as training and, lighter, validation.

    Args:
        rows: Rows of the table of runs, of one metric.
        styles: By group.
        parts: What to draw; one set alone is drawn in the full colour.
    """
    lines = []
    for name, mine in rows.groupby("group", sort=False):
        look = styles[str(name)]
        for part in parts:
            full = part == "train" or len(parts) == 1
            epochs = mine[mine["set"] == part].groupby("first")["value"]
            points = epochs.agg(["mean", "min", "max"]).reset_index()
            points.columns = ["epoch", "value", "low", "high"]
            seeds = mine["run"].nunique()
            title = f"{name}, {vega.PARTS[part]}"
            lines.append(
                Line(
                    title + (f", {seeds} seeds" if seeds > 1 else ""),
                    look.colour if full else style.lighter(look.colour),
                    look.dash,
                    2.2 if full else 1.6,
                    points,
                )
            )
    return lines


def learning(
    rows: pd.DataFrame,
    metric: str,
    styles: Mapping[str, Style],
    top: float,
    parts: Sequence[str] = tuple(vega.PARTS),
    legend: alt.Legend | None = None,
) -> vega.Chart:
    """Draw a metric after each epoch: hover reads an epoch, Ctrl and the wheel zoom.

    With a legend it is a picture instead.
    """
    lines = lines_of(rows[rows["metric"] == metric], styles, parts)
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
    curves = _curves(lines, epoch, value, low, legend if lines else None)
    if legend:  # a picture, with nothing to touch
        return alt.layer(*curves)
    curves[0] = curves[0].properties(name="lines").add_params(vega.zoom())
    return alt.layer(*curves, _hover(lines, epoch))


def _curves(
    lines: list[Line], epoch: alt.X, value: alt.Y, low: alt.Y, legend: alt.Legend | None
) -> list[vega.Chart]:
    """Draw the lines, a band between several seeds, and points where one epoch makes no line."""
    data = [
        {"line": line.title} | point for line in lines for point in records(line.points)
    ]
    titles = [line.title for line in lines]
    colour = vega.look("line", titles, [line.colour for line in lines], legend=legend)
    base = vega.inline(data).encode(epoch, value, color=colour)
    bands = (
        base.transform_filter("datum.low < datum.high")
        .mark_area(opacity=0.15, clip=True)
        .encode(low, y2="high:Q")
    )
    dashes = [DASHES[line.dash] for line in lines]
    drawn = base.mark_line(clip=True).encode(
        strokeDash=vega.look("line", titles, dashes, legend=legend),
        # Vega-Lite warns of widths whose field has no order.
        strokeWidth=vega.look("line", titles, [one.width for one in lines], "ordinal"),
    )
    curves = [drawn]
    if any((line.points["low"] < line.points["high"]).any() for line in lines):
        curves.append(bands)
    if any(len(line.points) == 1 for line in lines):
        curves.append(base.mark_point(clip=True, filled=True, size=36, opacity=1))
    return curves


def _hover(lines: list[Line], epoch: alt.X) -> vega.Chart:
    """Mark the epoch nearest to the pointer, and list every line's value there."""
    table = pd.DataFrame(
        {
            f"line{place}": line.points.set_index("epoch")["value"]
            for place, line in enumerate(lines)
        }
    )
    rows = table.rename_axis("epoch").reset_index()
    tooltip = [
        alt.Tooltip(f"line{place}:Q", title=line.title, format=".4f")
        for place, line in enumerate(lines)
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
        vega.inline(records(rows))
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
    rows: pd.DataFrame, styles: Mapping[str, Style], baseline: Mapping[str, float]
) -> vega.Chart:
    """Draw accuracy and loss side by side, as Figures 5-8 do, with a legend."""
    legend = alt.Legend(
        orient="bottom", columns=2, symbolType="stroke", symbolOpacity=1
    )
    panels = []
    for letter, metric in zip("ab", vega.UNITS, strict=True):
        top = 1.0 if metric == "accuracy" else top_of(rows)
        level = vega.inline([{"value": baseline[metric]}])
        panels.append(
            alt.layer(
                learning(rows, metric, styles, top, legend=legend),
                level.mark_rule(color=GREY, strokeDash=[2, 3]).encode(y="value:Q"),
            ).properties(
                width=400,
                height=280,
                title=f"{letter}) {metric.capitalize()} (dotted: baseline, image not seen)",
            )
        )
    return alt.hconcat(*panels)


def top_of(rows: pd.DataFrame) -> float:
    """Return where the axis of losses ends: the next half above the greatest."""
    losses = rows.loc[
        (rows["metric"] == "loss") & rows["set"].isin(list(vega.PARTS)), "value"
    ]
    return float(-(-2 * losses.max() // 1) / 2) if len(losses) else 1.0
