"""The tables of the page, from the tables of runs and groups."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from fer_transfer.results import paper
from fer_transfer.results.table import records
from fer_transfer.scoring import rates
from fer_transfer.settings.settings import Settings

# What `numbers` of results/table.py returns.
Numbers = Mapping[tuple[Any, ...], Mapping[str, Any]]


def rate_tables(
    settings: Settings, text: Iterable[str], numbers: Numbers
) -> list[dict[str, Any]]:
    """Set Tables 2-5 beside the paper's: by table the windows, and a row of cells per group."""
    windows = rates.clip(settings.tables.windows, settings.train.epochs)
    return [
        {
            "key": key,
            "table": table,
            "windows": windows,
            "rows": {
                name: [
                    numbers.get((name, table.title, "train", *window), {})
                    for window in windows
                ]
                for name in text
            },
        }
        for key, table in paper.TABLES.items()
    ]


def confusion_matrices(
    confusion: pd.DataFrame, runs: Iterable[str], classes: tuple[str, ...]
) -> dict[str, list[dict[str, Any]]]:
    """Return the confusion matrices of these runs by their group: a row per class."""
    matrices: dict[str, list[dict[str, Any]]] = {}
    rows = confusion[confusion["run"].isin(list(runs))]
    for (name, actual), pairs in rows.groupby(["group", "actual"], sort=False):
        cells = records(pairs.set_index("predicted").loc[list(classes)])
        row = {"class": actual, "images": int(pairs["images"].sum()), "cells": cells}
        matrices.setdefault(str(name), []).append(row)
    return matrices
