"""The report's learning curves (Figures 5-8), as Vega-Lite made with Altair."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from fer_transfer.report import vega
from fer_transfer.report.lines import PARTS, UNITS, Line, learning_curves
from fer_transfer.report.style import GREY, Style

SHAPES = {"^": "triangle-up", "s": "square", "D": "diamond"}  # of matplotlib's markers
DASHES = {"solid": [1, 0], "dashed": [5, 4]}


def learning(
    history: pd.DataFrame,
    metric: str,
    styles: Mapping[str, Style],
    top: float,
    parts: Sequence[str] = tuple(PARTS),
    height: int = 230,
) -> vega.Spec:
    """Draw a metric after each epoch: hover reads an epoch, Ctrl and the wheel zoom."""
    lines = learning_curves(history, metric, styles, parts)
    epoch = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )
    scale = alt.Scale(domain=[0, top], nice=False)
    value = alt.Y("value:Q", title=UNITS[metric], scale=scale)
    bands = [_band(line, place, epoch, value) for place, line in enumerate(lines)]
    drawn = [band for band in bands if band is not None]
    layers = [*drawn, *_curves(lines, epoch, value), _hover(lines, epoch)]
    variants = ", ".join(history["variant"].unique())
    description = f"{metric.capitalize()} after each epoch of {variants}"
    return vega.finish(alt.layer(*layers), description, height)


def _band(line: Line, place: int, epoch: alt.X, value: alt.Y) -> vega.Chart | None:
    """Shade what lies between the seeds, where there are several."""
    if not line.has_spread:
        return None
    data = [
        {
            "epoch": number,
            "value": vega.rounded(low),
            "high": vega.rounded(line.high[number]),
        }
        for number, low in line.low.items()
    ]
    return (
        alt.Chart(alt.InlineData(values=data), name=f"band{place}")
        .mark_area(color=line.colour, opacity=0.15, clip=True)
        .encode(epoch, value, y2="high:Q")
    )


def _curves(lines: list[Line], epoch: alt.X, value: alt.Y) -> list[vega.Chart]:
    """Draw the lines, with points on those that share colour and dash with another."""
    data = [
        {"epoch": number, "line": place, "value": vega.rounded(value)}
        for place, line in enumerate(lines)
        for number, value in line.values.items()
    ]
    places = list(range(len(lines)))
    colour = vega.look("line", places, [line.colour for line in lines])
    base = alt.Chart(alt.InlineData(values=data)).encode(epoch, value, color=colour)
    drawn = base.mark_line(clip=True).encode(
        strokeDash=vega.look("line", places, [DASHES[line.dash] for line in lines]),
        # Vega-Lite warns of widths whose field has no order.
        strokeWidth=vega.look(
            "line", places, [line.width for line in lines], "ordinal"
        ),
    )
    curves = [drawn.properties(name="lines").add_params(vega.zoom())]
    # One epoch makes no line.
    marked = [p for p in places if lines[p].marker or len(lines[p].values) == 1]
    if marked:
        shapes = [SHAPES.get(lines[place].marker, "circle") for place in marked]
        points = base.mark_point(clip=True, filled=True, size=36, opacity=1)
        only = alt.FieldOneOfPredicate(field="line", oneOf=marked)
        shape = vega.look("line", marked, shapes)
        curves.append(points.transform_filter(only).encode(shape=shape))
    return curves


def _hover(lines: list[Line], epoch: alt.X) -> vega.Chart:
    """Mark the epoch nearest to the pointer, and list every line's value there."""
    epochs = dict.fromkeys(number for line in lines for number in line.values)
    rows = [
        {"epoch": number}
        | {
            f"line{n}": vega.rounded(line.values[number])
            if number in line.values
            else None
            for n, line in enumerate(lines)
        }
        for number in epochs
    ]
    tooltip = [
        alt.Tooltip(f"line{n}:Q", title=line.title, format=".4f")
        for n, line in enumerate(lines)
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
        alt.Chart(alt.InlineData(values=rows), name="epochs")
        .mark_rule(color=GREY, clip=True)
        .encode(
            epoch,
            opacity=alt.condition(hover, alt.value(0.7), alt.value(0)),
            tooltip=[alt.Tooltip("epoch:Q", format="d"), *tooltip],
        )
        .add_params(hover)
    )
