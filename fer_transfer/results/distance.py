"""Which protocol made the published tables: how far each one's rates are from the paper's.

The distance of a row of a table is the root of the mean square of the differences, over the
root of the mean square of the published numbers: 0 is the same, 1 is no better than claiming
zero. A published row of zeros has no such scale: there it is the root of the mean square itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results import paper
from fer_transfer.results.protocols import Group
from fer_transfer.scoring.rates import mean_convergence_rate

WINDOWS = ((1, 5), (6, 10), (11, 15), (16, 20))  # of Tables 2-5, in epochs

# How the garbled limits of equations (1) and (2) can be read: the metric over the epochs of a
# run, (E,), and a window -> the rate. The first is choice C3.
Reading = Callable[[np.ndarray, int, int], float]


def over_five(metric: np.ndarray, first: int, last: int) -> float:
    """Sum the window's differences, and divide by its epochs, epoch 1 among them."""
    return float(
        np.sum(np.diff(metric)[max(first, 2) - 2 : last - 1]) / (last - first + 1)
    )


def from_zero(metric: np.ndarray, first: int, last: int) -> float:
    """Let epoch 1 differ from zero, where accuracy and loss would have stood before it."""
    return float(np.mean(np.diff(metric, prepend=0)[first - 1 : last]))


def one_later(metric: np.ndarray, first: int, last: int) -> float:
    """Take the differences that begin in the window's epochs, not those that end there."""
    return float(np.mean(np.diff(metric)[first - 1 : last]))


READINGS: dict[str, Reading] = {
    "epoch 1 adds no difference (C3)": mean_convergence_rate,
    "the first window is divided by five": over_five,
    "epoch 1 differs from zero": from_zero,
    "differences to the next epoch": one_later,
}


def row_of(
    history: pd.DataFrame, table: paper.Table, reading: Reading = mean_convergence_rate
) -> np.ndarray:
    """Return a run's row of one of Tables 2-5, (4,), under one reading of the equations."""
    metric = history[table.metric].to_numpy()
    if table.rate == "MOFR":
        metric = metric - history[f"val_{table.metric}"].to_numpy()
    return np.array([reading(metric, first, last) for first, last in WINDOWS])


def distance(ours: Sequence[float], published: Sequence[float]) -> float:
    """Return how far a row is from the published one.

    >>> distance([0.2, 0.4], [0.2, 0.4]), distance([0, 0], [0.2, 0.4])
    (0.0, 1.0)
    >>> distance([0.3, 0.4], [0, 0])
    0.3535533905932738
    """
    scale = root_mean_square(published) or 1.0
    return root_mean_square(np.subtract(ours, published)) / scale


def root_mean_square(values: Sequence[float] | np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def distances(
    histories: Sequence[pd.DataFrame],
    published: Mapping[str, Sequence[float]],
    reading: Reading = mean_convergence_rate,
) -> dict[str, float]:
    """Return the distance of each table, of the mean row over seeds."""
    rows = {
        key: np.mean([row_of(one, table, reading) for one in histories], axis=0)
        for key, table in paper.TABLES.items()
    }
    return {key: distance(row, published[key]) for key, row in rows.items()}


def overall(
    found: Mapping[str, float], published: Mapping[str, Sequence[float]]
) -> float:
    """Return the mean distance of the tables whose published row is not all zeros."""
    return float(np.mean([found[key] for key in found if np.any(published[key])]))


def compare(
    histories: Mapping[str, Sequence[pd.DataFrame]],
    published: Mapping[str, Sequence[float]],
) -> dict[str, Any]:
    """Return each protocol's distances, and the nearest under each reading.

    Args:
        histories: By protocol, the history of each of its runs, of 20 epochs or more.
        published: By table, the paper's row (4,).
    """
    far: dict[str, dict[str, dict[str, float]]] = {
        name: {
            protocol: distances(runs, published, reading)
            for protocol, runs in histories.items()
        }
        for name, reading in READINGS.items()
    }
    totals = {
        name: {protocol: overall(one, published) for protocol, one in rows.items()}
        for name, rows in far.items()
    }
    first = next(iter(READINGS))
    return {
        "protocols": {
            protocol: {**row, "overall": totals[first][protocol]}
            for protocol, row in far[first].items()
        },
        "zeros": [key for key, row in published.items() if not np.any(row)],
        "nearest": {
            name: min(rows, key=rows.__getitem__) for name, rows in totals.items()
        },
    }


def find(
    ran: Mapping[str, Group],
    histories: Mapping[str, pd.DataFrame],
    printed: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> dict[str, Any]:
    """Compare each published row with the protocols of its backbone and weights that ran.

    Args:
        ran: The groups of runs.
        histories: By run.
        printed: Tables 2-5, by variant and window.
    """
    found = {}
    for variant in printed[paper.ACCURACY_MCR]:
        published = {
            key: list(table[variant].values()) for key, table in printed.items()
        }
        protocols = {
            group.protocol.label: [histories[run] for run in group.runs]
            for group in ran.values()
            if f"{group.backbone}-{group.weights}" == variant
            and len(histories[group.runs[0]]) >= WINDOWS[-1][1]
        }
        if protocols:
            found[variant] = compare(protocols, published)
    return found
