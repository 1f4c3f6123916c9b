"""All charts of the page."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fer_transfer.report import charts, learning, style, vega
from fer_transfer.report.lines import UNITS
from fer_transfer.results.evidence import Evidence
from fer_transfer.results.protocols import Group
from fer_transfer.results.seeds import first_runs

BASELINE = {"accuracy": "accuracy", "loss": "prior_loss"}


def draw(
    plots: Mapping[str, pd.DataFrame],
    evidence: Evidence,
    groups: Mapping[str, Group],
    text: Mapping[str, Group],
    baseline: Mapping[str, float],
    agreement: float | None,
) -> dict[str, vega.Spec]:
    """Draw every chart for which there are results, by its id on the page.

    Those of the paper's figures are of the groups in `text`, the first seed of each.
    """
    styles = style.of_groups(groups)
    of_text = {
        name: table[table["variant"].isin(list(text))] for name, table in plots.items()
    }
    first = {name: first_runs(of_text[name]) for name in ("initial", "test")}
    history = of_text["learning"]
    if history.empty:
        return {}
    top = {
        "accuracy": 1.0,
        "loss": np.ceil(2 * float(history[["loss", "val_loss"]].max().max())) / 2,
    }
    drawn = {
        "validation": learning.learning(
            history, "accuracy", styles, 1, ["validation"], height=320
        )
    }
    for backbone in dict.fromkeys(one.backbone for one in text.values()):
        mine = history[history["variant"].map(lambda v: groups[v].backbone) == backbone]
        for metric in () if mine.empty else UNITS:
            name = f"{metric}-{backbone}"
            drawn[name] = learning.learning(mine, metric, styles, top[metric])
    for metric in UNITS:
        drawn[f"initial-{metric}"] = charts.initial(
            first["initial"], metric, styles, baseline[BASELINE[metric]]
        )
    drawn["duplicates"] = charts.duplicates(
        first["test"], styles, baseline["accuracy"], agreement
    )
    recall = {name: evidence.tables["recall"][name][0] for name in first["test"]["run"]}
    drawn["recall"] = charts.recall(recall, styles)
    return drawn
