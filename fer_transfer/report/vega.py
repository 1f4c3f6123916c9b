"""What the charts share: names, looks, and how they become page or PNG.

A backbone has one colour everywhere; pretrained is solid, random dashed.

Every parameter and view is named: Altair's own numbers count up from chart to chart, and
the same results must give the same page.
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import altair as alt
import matplotlib as mpl
import pandas as pd
import vl_convert

from fer_transfer.core import files
from fer_transfer.report.html import VEGA_LITE
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.protocols import Group
from fer_transfer.results.table import records

Chart = Any  # Altair's layers have no common type that can be finished

INK, RULE = "#1c2128", "#e6e8eb"
GREY = "#666666"

FONT = "Segoe UI, Roboto, Helvetica Neue, Noto Sans, Liberation Sans, Arial, sans-serif"
PNG_FONT = "DejaVu Sans"  # which matplotlib brings along: the same on every machine
NOTE_WIDTH = 110  # characters of a line of notes
WIDTH = 560  # pixels of a chart in a PNG

UNITS = {"accuracy": "accuracy (share of images)", "loss": "loss (cross-entropy, nats)"}
PARTS = pd.DataFrame(
    {"part": ["training", "validation"], "opacity": [1.0, 0.5]}, index=["train", "val"]
)


def styles_of(groups: Mapping[str, Group]) -> pd.DataFrame:
    """Return how each group of runs is drawn, by its name.

    Returns:
        backbone; colour; dash: of a line; fill: of a bar or a point, which is open where the
        weights are random.
    """
    rows = []
    for group in groups.values():
        colour = BACKBONES[group.backbone].colour
        trained = group.weights != "random"
        dash, fill = ([1, 0], colour) if trained else ([5, 4], "white")
        rows.append((group.backbone, colour, dash, fill))
    columns = ["backbone", "colour", "dash", "fill"]
    return pd.DataFrame(rows, index=list(groups), columns=columns)


def finish(chart: Chart) -> dict[str, Any]:
    """Set what all charts share, and return Vega-Lite as it stands in the page."""
    sized = chart.properties(width="container")
    return dict(_configured(sized, FONT, "transparent").to_dict())


def write_png(path: Path, chart: Chart, title: str, notes: list[str]) -> None:
    """Write a chart as a figure with a title and notes; the same chart gives the same bytes."""
    looks: dict[str, Any] = {"fontSize": 14, "subtitleColor": GREY, "anchor": "start"}
    heading = alt.TitleParams(title, subtitle=lines_of(notes, NOTE_WIDTH), **looks)
    titled = _configured(chart.properties(title=heading), PNG_FONT, "white")
    vl_convert.register_font_directory(f"{mpl.get_data_path()}/fonts/ttf")
    png = vl_convert.vegalite_to_png(titled.to_dict(), vl_version=VEGA_LITE, scale=1.5)
    files.write_bytes(path, png)


def lines_of(notes: list[str], width: int) -> list[str]:
    """Wrap notes at a number of characters; each begins a line."""
    return [line for note in notes for line in textwrap.wrap(note, width)]


def _configured(chart: Chart, font: str, background: str) -> Chart:
    return chart.configure(
        font=font,
        background=background,
        axis=alt.AxisConfig(
            labelColor=INK,
            titleColor=INK,
            titleFontWeight="normal",
            labelFontSize=11,
            labelFlush=False,
            gridColor=RULE,
            labelLimit=420,
        ),
        legend=alt.LegendConfig(title=None),
        view=alt.ViewConfig(stroke=None),
    )


def as_given(field: str) -> Any:
    """Take the colours, dashes or opacities that stand in a field.

    Vega-Lite warns of opacities in a field without an order.
    """
    return {"field": field, "type": "ordinal", "scale": None}


def inline(table: pd.DataFrame) -> Chart:
    """Return a chart of a table that stands in its specification, in six significant digits."""
    rounded = table.map(lambda x: float(f"{x:.6g}") if isinstance(x, float) else x)
    return alt.Chart(alt.InlineData(values=records(rounded)))


def numbers(number_format: str, *names: str) -> list[alt.Tooltip]:
    """Return tooltips of numbers in one format."""
    return [alt.Tooltip(f"{name}:Q", format=number_format) for name in names]


def rule(name: str, value: float, dash: list[int], axis: str = "x") -> Chart:
    """Draw a line across the chart at one value of an axis."""
    return (
        inline(pd.DataFrame({name: [value]}))
        .mark_rule(color=GREY, strokeDash=dash, strokeWidth=1.5)
        .encode(**{axis: f"{name}:Q"}, tooltip=numbers(".4f", name))
    )


def baseline(value: float, axis: str = "x") -> Chart:
    """Draw what the majority class, or predicting the classes' shares, gives."""
    return rule("baseline", value, [2, 3], axis)
