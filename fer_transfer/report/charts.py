"""The report's charts of one epoch or of the test set, as Vega-Lite made with Altair."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.report import style, vega
from fer_transfer.report.lines import PARTS, UNITS
from fer_transfer.report.style import Style


def initial(
    table: pd.DataFrame, metric: str, styles: Mapping[str, Style], baseline: float
) -> vega.Spec:
    """Draw Figure 9 or 10: training and validation after epoch 1, a pair per variant."""
    data = [
        {"variant": row["run"], "part": part, "bar": f"{row['variant']}, {part}"}
        | {"value": vega.rounded(row[prefix + metric])}
        for row in table.to_dict("records")
        for part, prefix in PARTS.items()
    ]
    base = alt.Chart(alt.InlineData(values=data)).encode(
        alt.X("value:Q", title=f"{UNITS[metric]} after epoch 1"),
        alt.Y("variant:N", title=None, sort=None),
        yOffset=alt.YOffset("part:N", sort=list(PARTS)),
    )
    numbers = base.encode(text=alt.Text("value:Q", format=".3f"))
    text: dict[str, Any] = {"align": "left", "dx": 4, "fontSize": 10}
    chart = alt.layer(
        _bars(base, data, styles),
        vega.baseline(baseline),
        # White around the numbers, which the baseline may cross.
        numbers.mark_text(stroke="white", strokeWidth=4, aria=False, **text),
        numbers.mark_text(color=vega.INK, **text),
    )
    description = f"{metric.capitalize()} of each variant after epoch 1"
    return vega.finish(chart, description, height=15 * len(data))


def _bars(
    base: vega.Chart, data: list[dict[str, Any]], styles: Mapping[str, Style]
) -> vega.Chart:
    """Fill the bars of pretrained variants, outline the others; validation is lighter."""
    names, fills, strokes = [], [], []
    for bar in data:
        look = styles[bar["variant"]]
        full = bar["part"] == "training"
        colour = look.colour if full else style.lighter(look.colour)
        names.append(bar["bar"])
        fills.append(colour if look.dash == "solid" else "white")
        strokes.append(colour)
    return base.mark_bar(strokeWidth=1.5).encode(
        fill=vega.look("bar", names, fills),
        stroke=vega.look("bar", names, strokes),
        tooltip=["variant:N", "part:N", alt.Tooltip("value:Q", format=".4f")],
    )


def duplicates(
    table: pd.DataFrame,
    styles: Mapping[str, Style],
    baseline: float,
    agreement: float | None = None,
) -> vega.Spec:
    """Draw the accuracy on the paper's test set beside that on its deduplicated part.

    `agreement` is the share of the test images whose label is FER+'s too, if that is known.
    """
    data = [
        {
            "variant": row["run"],
            "set": name,
            "accuracy": vega.rounded(row[column]),
        }
        for row in table.to_dict("records")
        for name, column in (
            ("the paper’s test set", "test_accuracy"),
            ("deduplicated", "deduplicated_accuracy"),
        )
        if pd.notna(row[column])
    ]
    variants = list(dict.fromkeys(point["variant"] for point in data))
    colours = [styles[name].colour for name in variants]
    base = alt.Chart(alt.InlineData(values=data)).encode(
        alt.X("accuracy:Q", title=UNITS["accuracy"], scale=alt.Scale(zero=False)),
        alt.Y("variant:N", title=None, sort=None, axis=alt.Axis(grid=True)),
        color=vega.look("variant", variants, colours),
    )
    points = base.mark_point(size=90, strokeWidth=2, opacity=1).encode(
        fill=alt.condition(
            alt.datum.set == "deduplicated",
            alt.value("white"),
            vega.look("variant", variants, colours),
        ),
        tooltip=["variant:N", "set:N", alt.Tooltip("accuracy:Q", format=".4f")],
    )
    description = (
        "Test accuracy of each variant, with and without duplicates of training images"
    )
    chart = alt.layer(
        vega.baseline(baseline),
        *([vega.agreement(agreement)] if agreement else []),
        base.mark_line(strokeWidth=2).encode(detail="variant:N"),
        points.properties(name="points").add_params(vega.zoom("x")),
    )
    return vega.finish(chart, description, height=38 * len(variants))


def recall(
    table: Mapping[str, Mapping[str, float]], styles: Mapping[str, Style]
) -> vega.Spec:
    """Draw the share of each emotion's test images that each variant recognised."""
    data = [
        {
            "emotion": emotion,
            "variant": variant,
            "recall": vega.rounded(shares[emotion]),
        }
        for emotion in EMOTIONS
        for variant, shares in table.items()
        if shares[emotion] is not None
    ]
    variants = list(table)
    colours = [styles[name].colour for name in variants]
    fills = [
        styles[name].colour if styles[name].dash == "solid" else "white"
        for name in variants
    ]
    points = (
        alt.Chart(alt.InlineData(values=data), name="points")
        .mark_point(size=60, strokeWidth=1.8, opacity=1, clip=True)
        .encode(
            alt.X(
                "recall:Q",
                title="recall (share of the emotion’s test images)",
                scale=alt.Scale(domain=[0, 1]),
            ),
            alt.Y(
                "emotion:N",
                title=None,
                sort=list(EMOTIONS),
                axis=alt.Axis(grid=True, tickBand="extent"),
            ),
            yOffset=alt.YOffset("variant:N", sort=variants),
            stroke=vega.look("variant", variants, colours),
            fill=vega.look("variant", variants, fills),
            tooltip=[
                "emotion:N",
                "variant:N",
                alt.Tooltip("recall:Q", format=".1%"),
            ],
        )
        .add_params(vega.zoom("x"))
    )
    description = "Recall of each emotion on the test set, a point per variant"
    height = len(EMOTIONS) * max(6 * len(variants), 24)
    return vega.finish(points, description, height)
