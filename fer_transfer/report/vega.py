"""What the report's charts share: names, looks, and how they zoom.

Every parameter and view is named: Altair's own numbers count up from chart to chart, and
the same results must give the same page.
"""

from typing import Any

import altair as alt

from fer_transfer.report.style import GREY

Chart = Any  # Altair's layers have no common type that can be finished
Spec = dict[str, Any]

INK, RULE = "#1c2128", "#e6e8eb"
FONT = "Segoe UI, Roboto, Helvetica Neue, Noto Sans, Liberation Sans, Arial, sans-serif"


def finish(chart: Chart, description: str, height: Any) -> Spec:
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


def look(
    field: str, domain: list[Any], values: list[Any], kind: str = "nominal"
) -> Any:
    """Give each value of a field a look of its own; the page has the legend."""
    return {"field": field, "type": kind, "legend": None} | {
        "scale": {"domain": domain, "range": values}
    }


def zoom(*axes: Any) -> alt.Parameter:
    """Let the wheel zoom with Ctrl held (a pinch sends the same): without, the page scrolls."""
    return alt.selection_interval(
        name="zoom",
        bind="scales",
        encodings=list(axes or ("x", "y")),
        zoom="wheel![event.ctrlKey || event.metaKey]",
    )


def agreement(share: float) -> Chart:
    """Draw how far FER2013's labels agree with what most people see (FER+)."""
    data = [{"agreement": rounded(share)}]
    return (
        alt.Chart(alt.InlineData(values=data))
        .mark_rule(color=INK, strokeDash=[6, 3], strokeWidth=1.5)
        .encode(x="agreement:Q", tooltip=[alt.Tooltip("agreement:Q", format=".4f")])
    )


def baseline(value: float) -> Chart:
    """Draw what the majority class, or predicting the classes' shares, gives."""
    return (
        alt.Chart(alt.InlineData(values=[{"baseline": rounded(value)}]))
        .mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=1.5)
        .encode(x="baseline:Q", tooltip=[alt.Tooltip("baseline:Q", format=".4f")])
    )


def rounded(value: float) -> float:
    """Keep six significant digits, as the metrics do."""
    return float(f"{value:.6g}")
