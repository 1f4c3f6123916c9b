"""The report's interactive charts, as Vega-Lite made with Altair.

Every parameter and view is named here: Altair's own numbers count up from chart to chart,
and the same results must give the same page.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from stages.lib import style
from stages.lib.fer2013 import EMOTIONS
from stages.lib.style import GREY, Style

Chart = Any  # Altair's layers have no common type that can be finished
Spec = dict[str, Any]

UNITS = {"accuracy": "accuracy (share of images)", "loss": "loss (nats)"}
PARTS = {"training": "", "validation": "val_"}  # and the prefixes of their columns
SHAPES = {"^": "triangle-up", "s": "square", "D": "diamond"}  # of matplotlib's markers
INK, RULE = "#1c2128", "#e6e8eb"
FONT = "Segoe UI, Roboto, Helvetica Neue, Noto Sans, Liberation Sans, Arial, sans-serif"


def learning(
    history: pd.DataFrame,
    metric: str,
    styles: Mapping[str, Style],
    top: float,
    parts: Sequence[str] = tuple(PARTS),
    height: int = 230,
) -> Spec:
    """Draw a metric after each epoch: hover reads an epoch, Ctrl and the wheel zoom."""
    lines = _lines(history, metric, styles, parts)
    data = [
        {"epoch": int(row["epoch"]), "line": number, "value": _round(row[column])}
        for number, (variant, part, _) in enumerate(lines)
        for row in history[history["variant"] == variant].to_dict("records")
        for column in [PARTS[part] + metric]
    ]
    epoch = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )
    value = alt.Y(
        "value:Q", title=UNITS[metric], scale=alt.Scale(domain=[0, top], nice=False)
    )
    numbers = list(range(len(lines)))
    looks = [look for _, _, look in lines]
    color = _look("line", numbers, [look["colour"] for look in looks])
    base = alt.Chart(alt.InlineData(values=data)).encode(epoch, value)
    # Vega-Lite warns of widths whose field has no order.
    widths = _look("line", numbers, [look["width"] for look in looks], "ordinal")
    drawn = base.mark_line(clip=True).encode(
        color=color,
        strokeDash=_look("line", numbers, [look["dash"] for look in looks]),
        strokeWidth=widths,
    )
    titles = [f"{variant}, {part}" for variant, part, _ in lines]
    layers = [
        drawn.properties(name="lines").add_params(_zoom()),
        *_points(base.encode(color=color), looks),
        _hover(data, titles, epoch),
    ]
    description = f"{metric.capitalize()} after each epoch of " + ", ".join(
        dict.fromkeys(variant for variant, _, _ in lines)
    )
    return _finish(alt.layer(*layers), description, height)


def _lines(
    history: pd.DataFrame,
    metric: str,
    styles: Mapping[str, Style],
    parts: Sequence[str],
) -> list[tuple[str, str, dict[str, Any]]]:
    """List the lines of a chart: variant, part, and look (validation is lighter)."""
    lines = []
    for variant in dict.fromkeys(history["variant"]):
        look = styles[variant]
        for part in parts:
            full = part == "training" or len(parts) == 1
            lines.append(
                (
                    variant,
                    part,
                    {
                        "colour": look.colour if full else style.lighter(look.colour),
                        "dash": [1, 0] if look.dash == "solid" else [5, 4],
                        "width": 2.2 if full else 1.6,
                        "shape": SHAPES.get(look.marker),
                    },
                )
            )
    return lines


def _points(base: Chart, looks: list[dict[str, Any]]) -> list[Chart]:
    """Mark the lines that share colour and dash with another, as a ninth variant's do."""
    marked = [number for number, look in enumerate(looks) if look["shape"]]
    if not marked:
        return []
    shapes = [looks[number]["shape"] for number in marked]
    points = base.mark_point(clip=True, filled=True, size=36, opacity=1)
    only = alt.FieldOneOfPredicate(field="line", oneOf=marked)
    shape = _look("line", marked, shapes)
    return [points.transform_filter(only).encode(shape=shape)]


def _hover(data: list[dict[str, Any]], titles: list[str], epoch: alt.X) -> Chart:
    """Mark the epoch nearest to the pointer, and list every line's value there."""
    rows: dict[int, dict[str, Any]] = {}
    for point in data:
        row = rows.setdefault(point["epoch"], {"epoch": point["epoch"]})
        row[f"line{point['line']}"] = point["value"]
    hover = alt.selection_point(
        name="hover",
        fields=["epoch"],
        nearest=True,
        on="pointermove",
        clear="pointerout",
        empty=False,
    )
    tooltip = [alt.Tooltip("epoch:Q", format="d")] + [
        alt.Tooltip(f"line{number}:Q", title=title, format=".4f")
        for number, title in enumerate(titles)
    ]
    return (
        alt.Chart(alt.InlineData(values=list(rows.values())))
        .mark_rule(color=GREY, clip=True)
        .encode(
            epoch,
            opacity=alt.condition(hover, alt.value(0.7), alt.value(0)),
            tooltip=tooltip,
        )
        .properties(name="epochs")
        .add_params(hover)
    )


def initial(
    table: pd.DataFrame, metric: str, styles: Mapping[str, Style], chance: float
) -> Spec:
    """Draw Figure 9 or 10: training and validation after epoch 1, a pair a variant."""
    data, looks = [], []
    for row in table.to_dict("records"):
        look = styles[row["variant"]]
        for part, prefix in PARTS.items():
            name = f"{row['variant']}, {part}"
            value = _round(row[prefix + metric])
            data.append(
                {"variant": row["variant"], "part": part, "bar": name, "value": value}
            )
            colour = look.colour if part == "training" else style.lighter(look.colour)
            looks.append((name, colour, look.dash == "solid"))
    names = [name for name, _, _ in looks]
    bars = (
        alt.Chart(alt.InlineData(values=data))
        .mark_bar(strokeWidth=1.5)
        .encode(
            alt.X("value:Q", title=f"{UNITS[metric]} after epoch 1"),
            alt.Y("variant:N", title=None, sort=None),
            yOffset=alt.YOffset("part:N", sort=list(PARTS)),
            fill=_look("bar", names, [c if full else "white" for _, c, full in looks]),
            stroke=_look("bar", names, [colour for _, colour, _ in looks]),
            tooltip=["variant:N", "part:N", alt.Tooltip("value:Q", format=".4f")],
        )
    )
    numbers = alt.Chart(alt.InlineData(values=data)).encode(
        alt.X("value:Q"),
        alt.Y("variant:N", sort=None),
        yOffset=alt.YOffset("part:N", sort=list(PARTS)),
        text=alt.Text("value:Q", format=".3f"),
    )
    text: dict[str, Any] = {"align": "left", "dx": 4, "fontSize": 10}
    halo = numbers.mark_text(stroke="white", strokeWidth=4, aria=False, **text)
    description = f"{metric.capitalize()} of each variant after epoch 1"
    ink = numbers.mark_text(color=INK, **text)
    chart = alt.layer(bars, _chance(chance), halo, ink)
    return _finish(chart, description, height=15 * len(data))


def twins(table: pd.DataFrame, styles: Mapping[str, Style], chance: float) -> Spec:
    """Draw the accuracy on the paper's test set beside that on its twin-free part."""
    data = [
        {
            "variant": row["variant"],
            "set": name,
            "accuracy": _round(row[column]),
        }
        for row in table.to_dict("records")
        for name, column in (
            ("the paper’s test set", "accuracy"),
            ("without copies in train", "twin_free_accuracy"),
        )
        if pd.notna(row[column])
    ]
    variants = list(dict.fromkeys(point["variant"] for point in data))
    colours = [styles[name].colour for name in variants]
    base = alt.Chart(alt.InlineData(values=data)).encode(
        alt.X("accuracy:Q", title=UNITS["accuracy"], scale=alt.Scale(zero=False)),
        alt.Y("variant:N", title=None, sort=None, axis=alt.Axis(grid=True)),
        color=_look("variant", variants, colours),
    )
    points = base.mark_point(size=90, strokeWidth=2, opacity=1).encode(
        fill=alt.condition(
            alt.datum.set == "without copies in train",
            alt.value("white"),
            _look("variant", variants, colours),
        ),
        tooltip=["variant:N", "set:N", alt.Tooltip("accuracy:Q", format=".4f")],
    )
    description = "Test accuracy of each variant, with and without copies in train"
    chart = alt.layer(
        _chance(chance),
        base.mark_line(strokeWidth=2).encode(detail="variant:N"),
        points.properties(name="points").add_params(_zoom("x")),
    )
    return _finish(chart, description, height=38 * len(variants))


def recall(
    table: Mapping[str, Mapping[str, float]], styles: Mapping[str, Style]
) -> Spec:
    """Draw the share of each emotion's test images that each variant recognised."""
    data = [
        {"emotion": emotion, "variant": variant, "recall": _round(shares[emotion])}
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
            stroke=_look("variant", variants, colours),
            fill=_look("variant", variants, fills),
            tooltip=[
                "emotion:N",
                "variant:N",
                alt.Tooltip("recall:Q", format=".1%"),
            ],
        )
        .add_params(_zoom("x"))
    )
    description = "Recall of each emotion on the test set, a point a variant"
    height = len(EMOTIONS) * max(6 * len(variants), 24)
    return _finish(points, description, height)


def _look(
    field: str, domain: list[Any], values: list[Any], kind: str = "nominal"
) -> Any:
    """Give each value of a field a look of its own; the page has the legend."""
    return {"field": field, "type": kind, "legend": None} | {
        "scale": {"domain": domain, "range": values}
    }


def _chance(value: float) -> Chart:
    """Draw what guessing gives."""
    return (
        alt.Chart(alt.InlineData(values=[{"chance": _round(value)}]))
        .mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=1.5)
        .encode(x="chance:Q", tooltip=[alt.Tooltip("chance:Q", format=".4f")])
    )


def _zoom(*axes: Any) -> alt.Parameter:
    """Let the wheel zoom with Ctrl held (a pinch sends the same): without, the page scrolls."""
    return alt.selection_interval(
        name="zoom",
        bind="scales",
        encodings=list(axes or ("x", "y")),
        zoom="wheel![event.ctrlKey || event.metaKey]",
    )


def _finish(chart: Chart, description: str, height: Any) -> Spec:
    """Set what all charts share, and return Vega-Lite as it stands in the page."""
    finished = chart.properties(
        width="container",
        height=height,
        description=description,
    ).configure(
        font=FONT,
        background="transparent",
        axis=alt.AxisConfig(
            labelColor=INK,
            titleColor=INK,
            titleFontWeight="normal",
            labelFontSize=11,
            titleFontSize=11,
            labelFlush=False,
            gridColor=RULE,
            domainColor="#9aa1a9",
            tickColor="#9aa1a9",
            labelLimit=160,
        ),
        view=alt.ViewConfig(stroke=None),
    )
    return dict(finished.to_dict())


def _round(value: float) -> float:
    """Keep six significant digits, as the metrics do."""
    return float(f"{value:.6g}")
