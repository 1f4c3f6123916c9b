"""The tables of the page, from the tables of runs and groups."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from fer_transfer.results import paper, table
from fer_transfer.scoring import rates
from fer_transfer.settings.settings import Settings


def numbers(summary: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the rows of the table of groups by group, metric, set, first and last epoch.

    Those of a group's last epoch stand under `last` too.
    """
    keys = ["group", "metric", "set", "first", "last"]
    rows = table.records(table.select(summary, **{"class": ""}))
    known = {tuple(row[key] for key in keys): row for row in rows}
    last = {row["group"]: max(row["last"], 1) for row in rows}
    return known | {
        (*key[:3], "last", "last"): row
        for key, row in known.items()
        if row["first"] == row["last"] == last[row["group"]]
    }


def rate_tables(
    settings: Settings, text: Iterable[str], summary: pd.DataFrame
) -> list[dict[str, Any]]:
    """Set Tables 2-5 beside the paper's: by table the windows, and a row of cells per group."""
    known, published = numbers(summary), paper.read()
    windows = rates.clip(settings.tables.windows, settings.train.epochs)
    headings = {span: key for key, span in paper.spans(settings.tables.windows).items()}
    tables = []
    for key, one in paper.TABLES.items():
        rows = {}
        for name in text:
            printed = published[key].get(name, {})
            rows[name] = [
                known.get((name, one.title, "train", *window))
                or {"paper": printed.get(headings.get(window, ""))}
                for window in windows
            ]
        tables.append({"key": key, "table": one, "windows": windows, "rows": rows})
    return tables


def confusion_matrices(
    confusion: pd.DataFrame, names: Iterable[str], classes: tuple[str, ...]
) -> dict[str, list[dict[str, Any]]]:
    """Return the confusion matrices of the first runs of some groups: a row per class."""
    matrices: dict[str, list[dict[str, Any]]] = {}
    rows = table.of_first_runs(confusion[confusion["group"].isin(list(names))])
    for (name, actual), pairs in rows.groupby(["group", "actual"], sort=False):
        cells = table.records(pairs.set_index("predicted").loc[list(classes)])
        row = {"class": actual, "images": int(pairs["images"].sum()), "cells": cells}
        matrices.setdefault(str(name), []).append(row)
    return matrices
