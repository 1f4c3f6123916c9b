"""All charts but the learning curves, for the page and for PNGs."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from fer_transfer.report import vega
from fer_transfer.report.shown import Shown
from fer_transfer.results.table import select


def initial(shown: Shown, metric: str) -> vega.Chart:
    """Draw Figure 9 or 10: training and validation after epoch 1, a pair per group.

    The bars of pretrained groups are filled, the others outlined; validation is lighter.
    """
    rows = select(shown.in_paper_groups(shown.summary), metric=metric, first=1, last=1)
    data = rows.join(shown.styles, on="group").join(vega.PARTS, on="set", how="inner")
    columns = ["group", "part", "mean", "colour", "fill", "opacity"]
    base = vega.inline(data[columns]).encode(
        alt.X("mean:Q", title=f"{vega.UNITS[metric]} after epoch 1"),
        alt.Y("group:N", title=None, sort=None),
        yOffset=alt.YOffset("part:N", sort=list(vega.PARTS["part"])),
    )
    bars = base.mark_bar(strokeWidth=1.5).encode(
        fill=vega.as_given("fill"),
        stroke=vega.as_given("colour"),
        opacity=vega.as_given("opacity"),
        tooltip=["group:N", "part:N", *vega.numbers(".4f", "mean")],
    )
    labels = base.mark_text(align="left", dx=4, fontSize=10, color=vega.INK).encode(
        text=alt.Text("mean:Q", format=".3f")
    )
    layers = bars, vega.baseline(shown.baseline[metric]), labels
    return alt.layer(*layers).properties(height=15 * max(len(data), 1))


def differences(comparisons: Sequence[Mapping[str, Any]]) -> vega.Chart:
    """Draw differences of accuracy in points with their 95% intervals, where they have one."""
    data = pd.DataFrame(comparisons)
    data["what"] = data["groups"].map(" − ".join)
    data["tested"] = data["interval"].notna()
    # Vega warns of an axis of no numbers, so an open point has an interval of no width.
    data[["low", "high"]] = [
        row["interval"] or [row["difference"]] * 2 for row in comparisons
    ]
    ends = ["difference", "low", "high"]
    data[ends] *= 100
    base = vega.inline(data[["what", "protocol", "tested", *ends]]).encode(
        alt.X("difference:Q", title="difference in accuracy, points"),
        alt.Y("what:N", title=None, sort=None, axis=alt.Axis(grid=True)),
        tooltip=["what:N", "protocol:N", *vega.numbers("+.1f", *ends)],
    )
    fill = alt.condition("datum.tested", alt.value(vega.INK), alt.value("white"))
    return alt.layer(
        vega.rule("zero", 0, [1, 0]),
        base.mark_rule(color=vega.INK, strokeWidth=2).encode(x="low:Q", x2="high:Q"),
        base.mark_point(size=70, opacity=1, stroke=vega.INK).encode(fill=fill),
    ).properties(height=30 * len(data) + 10)


def fits(table: pd.DataFrame) -> vega.Chart:
    """Draw how many published rates fit each number of images."""
    base = vega.inline(table[["images", "fits", "chance"]]).encode(
        alt.X("images:Q", title="images", scale=alt.Scale(zero=False, nice=False)),
        alt.Y("fits:Q", title="rates that fit"),
    )
    return alt.layer(
        base.mark_rule(strokeWidth=2, color=vega.GREY).encode(
            y2=alt.datum(0), tooltip=["images:Q", "fits:Q"]
        ),
        base.mark_line(color=vega.INK, strokeDash=[2, 3]).encode(y="chance:Q"),
    ).properties(height=150)


def accuracies(shown: Shown) -> vega.Chart:
    """Draw the accuracy of each run on the paper's split, deduplicated, the best group first."""
    split = shown.data.paper_split
    rows = select(shown.runs, metric="accuracy", set="deduplicated", split=split)
    data = rows.dropna(subset="value").join(shown.styles, on="group")
    data["mean"] = data.groupby("group")["value"].transform("mean")
    data = data.sort_values("mean", ascending=False, kind="stable")
    columns = ["run", "group", "value", "low", "high", "mean", "colour", "fill"]
    title = "accuracy on the test images without a duplicate in train"
    base = vega.inline(data[columns]).encode(
        alt.X("value:Q", title=title, scale=alt.Scale(zero=False)),
        alt.Y("group:N", title=None, sort=None, axis=alt.Axis(grid=True)),
        color=vega.as_given("colour"),
    )
    points = base.mark_point(size=50, opacity=1, strokeWidth=1.5).encode(
        fill=vega.as_given("fill"),
        tooltip=["run:N", *vega.numbers(".4f", "value", "low", "high")],
    )
    return alt.layer(
        vega.baseline(shown.study["advice"]["baseline"]),
        base.mark_rule(strokeWidth=1.5).encode(x="low:Q", x2="high:Q"),
        base.mark_tick(thickness=2, size=18).encode(x="mean:Q"),
        points,
    ).properties(height=24 * max(data["group"].nunique(), 1))


def images_needed(rows: Sequence[Mapping[str, Any]]) -> vega.Chart:
    """Draw test accuracy by training images per class, a line for each way of training."""
    ends = ["value", "low", "high"]
    data = pd.DataFrame(rows)
    data[ends] *= 100
    data["images"] = [str(row["per_class"] or "all") for row in rows]
    title = "training images per class, at most"
    base = vega.inline(data).encode(
        alt.X("images:O", title=title, sort=None, axis=alt.Axis(labelAngle=0)),
        alt.Y("value:Q", title="test accuracy, %", scale=alt.Scale(zero=False)),
        alt.Color("trains:N", legend=alt.Legend(orient="top")),
        detail=["weights:N", "protocol:N"],
        tooltip=["run:N", *vega.numbers(".1f", *ends)],
    )
    return alt.layer(
        base.mark_line(point=alt.OverlayMarkDef(size=60)),
        base.mark_rule(strokeWidth=2).encode(alt.Y("low:Q"), alt.Y2("high:Q")),
    ).properties(height=260)
