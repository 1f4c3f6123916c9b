"""The rows of the paper's tables, from the history of a run; means over seeds."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results.paper import Table
from fer_transfer.scoring import rates

VALUES = ["accuracy", "val_accuracy", "loss", "val_loss"]

Row = dict[str, Any]  # numbers, or None where there is none


def rates_by_window(history: pd.DataFrame, table: Table, size: int) -> Row:
    """Return the MCR or MOFR of a table's metric for each window of `size` epochs."""
    train = history[table.metric].to_numpy()
    val = history[f"val_{table.metric}"].to_numpy()
    rate_of = {
        "MCR": partial(rates.mean_convergence_rate, train),
        "MOFR": partial(rates.mean_overfitting_rate, train, val),
    }[table.rate]
    return {
        rates.window_name(first, last): rate_of(first, last)
        for first, last in rates.windows(len(history), size)
    }


def first_epoch(history: pd.DataFrame) -> Row:
    """Return the paper's initial accuracy and loss, on train and validation."""
    return {name: float(history[name].iloc[0]) for name in VALUES}


def last_epoch(history: pd.DataFrame, test: Mapping[str, Any]) -> Row:
    """Return what training ended with, and what that scores on the test set."""
    return {
        **{name: float(history[name].iloc[-1]) for name in VALUES},
        "test_accuracy": test["test"]["accuracy"],
        "deduplicated_accuracy": test["deduplicated"]["accuracy"],
    }


def mean(rows: Sequence[Row]) -> Row:
    """Return the mean of each number; None where one run has none.

    >>> mean([{"loss": 1.0}, {"loss": 2.0}])
    {'loss': 1.5}
    """
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    return {
        key: None if None in values else float(np.mean(values))
        for key, values in columns.items()
    }


def subtract(ours: Mapping[str, Row], published: Mapping[str, Row]) -> dict[str, Row]:
    """Return ours minus the paper's, for the variants and windows that both have."""
    return {
        name: {
            window: value - published[name][window]
            for window, value in row.items()
            if window in published[name]
        }
        for name, row in ours.items()
        if name in published
    }
