"""The charts of one epoch, of the test set, and of what differs: for the page and for PNGs."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from fer_transfer.report import style, vega
from fer_transfer.report.style import GREY
from fer_transfer.results.table import select

WAYS = ["#0072B2", "#D55E00"]  # colours of the ways of training


def initial(
    groups: pd.DataFrame, metric: str, styles: pd.DataFrame, baseline: float
) -> vega.Chart:
    """Draw Figure 9 or 10: training and validation after epoch 1, a pair per group.

    The bars of pretrained groups are filled, the others outlined; validation is lighter.
    """
    rows = select(groups, metric=metric, first=1, last=1)
    data = (
        rows[rows["set"].isin(list(vega.PARTS))]
        .join(styles, on="group")
        .rename(columns={"group": "variant", "mean": "value"})
    )
    full = data["set"] == "train"
    data["stroke"] = data["colour"].where(full, data["light"])
    data["fill"] = data["fill"].where(full, data["light_fill"])
    data["set"] = data["set"].map(vega.PARTS)
    base = vega.inline(data[["variant", "set", "value", "fill", "stroke"]]).encode(
        alt.X("value:Q", title=f"{vega.UNITS[metric]} after epoch 1"),
        alt.Y("variant:N", title=None, sort=None),
        yOffset=alt.YOffset("set:N", sort=list(vega.PARTS.values())),
    )
    bars = base.mark_bar(strokeWidth=1.5).encode(
        fill=vega.as_given("fill"),
        stroke=vega.as_given("stroke"),
        tooltip=["variant:N", "set:N", *vega.numbers(".4f", "value")],
    )
    numbers = base.encode(text=alt.Text("value:Q", format=".3f"))
    text: dict[str, Any] = {"align": "left", "dx": 4, "fontSize": 10}
    return alt.layer(
        bars,
        vega.baseline(baseline),
        # White around the numbers, which the baseline may cross.
        numbers.mark_text(stroke="white", strokeWidth=4, aria=False, **text),
        numbers.mark_text(color=vega.INK, **text),
    ).properties(height=15 * max(len(data), 1))


def differences(comparisons: Sequence[Mapping[str, Any]]) -> vega.Chart:
    """Draw differences of accuracy in points with their 95% intervals, where they have one."""
    data = pd.DataFrame(
        {
            "what": " − ".join(row["groups"]),
            "protocol": row["protocol"],
            "tested": bool(row["interval"]),
            "difference": row["difference"],
            "low": (row["interval"] or [row["difference"]])[0],
            "high": (row["interval"] or [row["difference"]])[-1],
        }
        for row in comparisons
    )
    ends = ["difference", "low", "high"]
    base = vega.inline(data.assign(**100 * data[ends])).encode(
        alt.X("difference:Q", title="difference of accuracy, points"),
        alt.Y("what:N", title=None, sort=None, axis=alt.Axis(grid=True)),
        tooltip=["what:N", "protocol:N", *vega.numbers("+.1f", *ends)],
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
    base = vega.inline(table[["images", "fits", "chance"]]).encode(
        alt.X("images:Q", title="images", scale=alt.Scale(zero=False, nice=False)),
        alt.Y("fits:Q", title="rates that fit"),
    )
    best = table.nlargest(1, "fits")["images"].item()
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
    ).properties(height=150)


def accuracies(
    runs: pd.DataFrame, styles: pd.DataFrame, baseline: float, split: str
) -> vega.Chart:
    """Draw each run's deduplicated test accuracy with Wilson's interval, the best group first.

    Groups on another split than `split` have other test images: they come last, and name theirs.
    """
    rows = select(runs, metric="accuracy", set="deduplicated").dropna(subset="value")
    elsewhere = rows["split"] != split
    data = rows.join(styles, on="group").assign(
        elsewhere=elsewhere,
        label=rows["group"].mask(
            elsewhere, rows["group"] + " (split " + rows["split"] + ")"
        ),
        mean=rows.groupby("group")["value"].transform("mean"),
    )
    data = data.sort_values(
        ["elsewhere", "mean"], ascending=[True, False], kind="stable"
    )
    order = list(data["label"].unique())
    shown = ["run", "label", "value", "low", "high", "mean", "colour", "fill"]
    title = "accuracy on the test images without a duplicate in train"
    base = vega.inline(data[shown]).encode(
        alt.Y("label:N", title=None, sort=order, axis=alt.Axis(grid=True)),
        color=vega.as_given("colour"),
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
            fill=vega.as_given("fill"),
            tooltip=["run:N", *vega.numbers(".4f", "value", "low", "high")],
        )
        .properties(name="points")
        .add_params(vega.zoom("x")),
    ).properties(height=24 * max(len(order), 1))


def recall(
    groups: pd.DataFrame, styles: pd.DataFrame, classes: Sequence[str]
) -> vega.Chart:
    """Draw the share of each class's test images that each group recognised."""
    rows = select(groups, metric="recall", set="test").dropna(subset="mean")
    data = rows.join(styles, on="group").rename(
        columns={"group": "variant", "mean": "recall"}
    )
    variants = list(data["variant"].unique())
    scale = alt.Scale(domain=[0, 1])
    title = "recall (share of the class’s test images)"
    axis = alt.Axis(grid=True, tickBand="extent")
    return (
        vega.inline(data[["class", "variant", "recall", "colour", "fill"]])
        .mark_point(size=60, strokeWidth=1.8, opacity=1, clip=True)
        .encode(
            alt.X("recall:Q", title=title, scale=scale),
            alt.Y("class:N", title=None, sort=list(classes), axis=axis),
            yOffset=alt.YOffset("variant:N", sort=variants),
            stroke=vega.as_given("colour"),
            fill=vega.as_given("fill"),
            tooltip=["class:N", "variant:N", *vega.numbers(".1%", "recall")],
        )
        .properties(name="points", height=len(classes) * max(6 * len(variants), 24))
        .add_params(vega.zoom("x"))
    )


def images_needed(rows: Sequence[Mapping[str, Any]]) -> vega.Chart:
    """Draw test accuracy by training images per class, a line for each way of training."""
    ends = ["value", "low", "high"]
    data = pd.DataFrame(rows)
    data[ends] *= 100
    data["images"] = [str(row["per_class"] or "all") for row in rows]
    base = vega.inline(data).encode(
        alt.X(
            "images:O",
            title="training images of a class, at most",
            sort=None,
            axis=alt.Axis(labelAngle=0),
        ),
        alt.Y("value:Q", title="test accuracy, %", scale=alt.Scale(zero=False)),
        alt.Color(
            "trains:N", legend=alt.Legend(orient="top"), scale=alt.Scale(range=WAYS)
        ),
        tooltip=["run:N", *vega.numbers(".1f", *ends)],
    )
    return alt.layer(
        base.mark_line(point=alt.OverlayMarkDef(size=60)),
        base.mark_rule(strokeWidth=2).encode(alt.Y("low:Q"), alt.Y2("high:Q")),
    ).properties(height=260)
