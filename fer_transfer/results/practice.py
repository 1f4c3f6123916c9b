"""Networks trained as a practitioner would, on the sets that the data come with.

The competition's own sets are those on which most published results rest.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fer_transfer.results.protocols import Group
from fer_transfer.results.table import records, select
from fer_transfer.settings.settings import Settings

PER_CLASS = "train_per_class"


def find(
    settings: Settings, ran: Mapping[str, Group], runs: pd.DataFrame
) -> dict[str, Any]:
    """Describe the groups trained on sets that the data come with.

    Returns:
        groups: their names. curve: of those with a counterpart that differs in the number of
        training images alone, a row per run: what trains, images per class (None: all), test
        accuracy and its 95% interval over images.
    """
    splits = {name for name, split in settings.splits.items() if split.by == "parts"}
    shown = {
        name: group for name, group in ran.items() if group.protocol.split in splits
    }
    return {"groups": list(shown), "curve": curve(shown, runs)}


def curve(ran: Mapping[str, Group], runs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the test accuracy by images per class, for each way of training that has several."""
    accuracies = select(runs, **{"metric": "accuracy", "set": "test", "class": ""})
    rows = []
    for row in records(accuracies[accuracies["group"].isin(list(ran))]):
        group = ran[row["group"]]
        rows.append(
            {
                "trains": group.protocol.layers,
                "backbone": group.backbone,
                "weights": group.weights,
                "per_class": dict(group.protocol.recipe).get(PER_CLASS),
                **{key: row[key] for key in ("run", "value", "low", "high")},
            }
        )
    reduced = {ways(row) for row in rows if row["per_class"]}
    rows = [row for row in rows if ways(row) in reduced]
    return sorted(rows, key=lambda row: row["per_class"] or float("inf"))


def ways(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the runs of one curve have in common."""
    return row["trains"], row["backbone"], row["weights"]
