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
WAY = ["trains", "backbone", "weights"]  # what the runs of one curve have in common


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
    table = pd.DataFrame(
        [
            {
                "trains": group.protocol.layers,
                "backbone": group.backbone,
                "weights": group.weights,
                "per_class": dict(group.protocol.recipe).get(PER_CLASS),
                **{key: row[key] for key in ("run", "value", "low", "high")},
            }
            for row in records(accuracies)
            if (group := ran.get(row["group"]))
        ],
        columns=[*WAY, "per_class", "run", "value", "low", "high"],
    ).astype({"per_class": "Int64"})
    is_reduced = table.groupby(WAY)["per_class"].transform("count") > 0
    return records(table[is_reduced].sort_values("per_class", kind="stable"))
