"""The charts of one epoch, of the test set, and of what differs: for the page and for PNGs."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from fer_transfer.report import style, vega
from fer_transfer.report.style import GREY, Style
from fer_transfer.results.table import records, select


def initial(
    groups: pd.DataFrame, metric: str, styles: Mapping[str, Style], baseline: float
) -> vega.Chart:
    """Draw Figure 9 or 10: training and validation after epoch 1, a pair per group."""
    rows = select(groups, metric=metric, first=1, last=1)
    data = [
        {"variant": row["group"], "set": vega.PARTS[row["set"]]}
        | {"bar": f"{row['group']}, {row['set']}", "value": vega.rounded(row["mean"])}
        for row in records(rows[rows["set"].isin(list(vega.PARTS))])
    ]
    base = vega.inline(data).encode(
        alt.X("value:Q", title=f"{vega.UNITS[metric]} after epoch 1"),
        alt.Y("variant:N", title=None, sort=None),
        yOffset=alt.YOffset("set:N", sort=list(vega.PARTS.values())),
    )
    numbers = base.encode(text=alt.Text("value:Q", format=".3f"))
    text: dict[str, Any] = {"align": "left", "dx": 4, "fontSize": 10}
    return alt.layer(
        _bars(base, data, styles),
        vega.baseline(baseline),
        # White around the numbers, which the baseline may cross.
        numbers.mark_text(stroke="white", strokeWidth=4, aria=False, **text),
        numbers.mark_text(color=vega.INK, **text),
    ).properties(height=15 * max(len(data), 1))


def _bars(
    base: vega.Chart, data: list[dict[str, Any]], styles: Mapping[str, Style]
) -> vega.Chart:
    """Fill the bars of pretrained groups, outline the others; validation is lighter."""
    names, fills, strokes = [], [], []
    for bar in data:
        look = styles[bar["variant"]]
        full = bar["set"] == vega.PARTS["train"]
        colour = look.colour if full else style.lighter(look.colour)
        names.append(bar["bar"])
        fills.append(colour if look.dash == "solid" else "white")
        strokes.append(colour)
    return base.mark_bar(strokeWidth=1.5).encode(
        fill=vega.look("bar", names, fills),
        stroke=vega.look("bar", names, strokes),
        tooltip=["variant:N", "set:N", alt.Tooltip("value:Q", format=".4f")],
    )


def differences(comparisons: Sequence[Mapping[str, Any]]) -> vega.Chart:
    """Draw differences of accuracy in points with their 95% intervals, where they have one."""
    data = []
    for row in comparisons:
        left, right = row["accuracy"]
        low, high = row["interval"] or (left - right, left - right)
        data.append(
            {"what": " − ".join(row["groups"]), "tested": bool(row["interval"])}
            | {
                "protocol": row["protocol"],
                "difference": vega.rounded(100 * (left - right)),
            }
            | {"low": vega.rounded(100 * low), "high": vega.rounded(100 * high)}
        )
    base = vega.inline(data).encode(
        alt.X("difference:Q", title="difference of accuracy, points"),
        alt.Y("what:N", title=None, sort=None, axis=alt.Axis(grid=True)),
        tooltip=[
            *("what:N", "protocol:N"),
            *(
                alt.Tooltip(f"{key}:Q", format="+.1f")
                for key in ("difference", "low", "high")
            ),
        ],
    )
    fill = alt.condition("datum.tested", alt.value(vega.INK), alt.value("white"))
    return alt.layer(
        vega.rule("zero", 0, [1, 0]),
        base.mark_rule(color=vega.INK, strokeWidth=2).encode(
            alt.X("low:Q", title="difference of accuracy, points"), x2="high:Q"
        ),
        base.mark_point(size=70, opacity=1, stroke=vega.INK).encode(fill=fill),
    ).properties(height=30 * len(data) + 10)


def fits(table: pd.DataFrame) -> vega.Chart:
    """Draw how many published rates fit each number of images, and name the best."""
    data = [
        {key: vega.rounded(row[key]) for key in ("images", "fits", "chance")}
        for row in records(table)
    ]
    base = vega.inline(data).encode(
        alt.X("images:Q", title="images", scale=alt.Scale(zero=False, nice=False)),
        alt.Y("fits:Q", title="rates that fit"),
    )
    best = max(data, key=lambda row: row["fits"])["images"]
    top = base.transform_filter(f"datum.images == {best}")
    return alt.layer(
        base.mark_rule(color=style.lighter(GREY)).encode(
            y2=alt.datum(0), tooltip=["images:Q", "fits:Q"]
        ),
        base.mark_line(color=vega.INK, strokeDash=[2, 3]).encode(y="chance:Q"),
        top.mark_rule(color=vega.INK, strokeWidth=2.5).encode(y2=alt.datum(0)),
        top.mark_text(dx=-6, align="right", baseline="top", color=vega.INK).encode(
            text=alt.Text("images:Q", format=",")
        ),
    )


def accuracies(
    runs: pd.DataFrame, styles: Mapping[str, Style], baseline: float
) -> vega.Chart:
    """Draw each run's deduplicated test accuracy with Wilson's interval, the best group first."""
    rows = select(runs, metric="accuracy", set="deduplicated").dropna(subset="value")
    means = rows.groupby("group")["value"].mean().sort_values(ascending=False)
    order = list(means.index)
    data = [
        {
            "group": row["group"],
            "run": row["run"],
            "mean": vega.rounded(means[row["group"]]),
        }
        | {key: vega.rounded(row[key]) for key in ("value", "low", "high")}
        for row in records(rows)
    ]
    colour = vega.look("group", order, [styles[name].colour for name in order])
    fills = [
        styles[name].colour if styles[name].dash == "solid" else "white"
        for name in order
    ]
    title = "accuracy on the test images without a duplicate in train"
    base = vega.inline(data).encode(
        alt.Y("group:N", title=None, sort=order, axis=alt.Axis(grid=True)), color=colour
    )
    scale = alt.Scale(zero=False)
    return alt.layer(
        vega.baseline(baseline),
        base.mark_rule(strokeWidth=1.5).encode(
            alt.X("low:Q", title=title, scale=scale), x2="high:Q"
        ),
        base.mark_tick(thickness=2, size=18).encode(alt.X("mean:Q", scale=scale)),
        base.mark_point(size=50, opacity=1, strokeWidth=1.5)
        .encode(
            alt.X("value:Q", scale=scale),
            fill=vega.look("group", order, fills),
            tooltip=[
                "run:N",
                *(
                    alt.Tooltip(f"{k}:Q", format=".4f")
                    for k in ("value", "low", "high")
                ),
            ],
        )
        .properties(name="points")
        .add_params(vega.zoom("x")),
    ).properties(height=24 * max(len(order), 1))


def recall(
    groups: pd.DataFrame, styles: Mapping[str, Style], classes: Sequence[str]
) -> vega.Chart:
    """Draw the share of each class's test images that each group recognised."""
    rows = select(groups, metric="recall", set="test").dropna(subset="mean")
    data = [
        {
            "class": row["class"],
            "variant": row["group"],
            "recall": vega.rounded(row["mean"]),
        }
        for row in records(rows)
    ]
    variants = list(dict.fromkeys(point["variant"] for point in data))
    looks = [styles[name] for name in variants]
    colours = [look.colour for look in looks]
    fills = [look.colour if look.dash == "solid" else "white" for look in looks]
    return (
        vega.inline(data)
        .mark_point(size=60, strokeWidth=1.8, opacity=1, clip=True)
        .encode(
            alt.X(
                "recall:Q",
                title="recall (share of the class’s test images)",
                scale=alt.Scale(domain=[0, 1]),
            ),
            alt.Y(
                "class:N",
                title=None,
                sort=list(classes),
                axis=alt.Axis(grid=True, tickBand="extent"),
            ),
            yOffset=alt.YOffset("variant:N", sort=variants),
            stroke=vega.look("variant", variants, colours),
            fill=vega.look("variant", variants, fills),
            tooltip=["class:N", "variant:N", alt.Tooltip("recall:Q", format=".1%")],
        )
        .properties(name="points", height=len(classes) * max(6 * len(variants), 24))
        .add_params(vega.zoom("x"))
    )
