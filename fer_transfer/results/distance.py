"""Which protocol made the published tables: how far each one's rates are from the paper's.

The distance of a row of a table is the root of the mean square of the differences, over the
root of the mean square of the published numbers: 0 is the same, 1 is no better than claiming
zero. A published row of zeros has no such scale: there it is the root mean square itself.
Tables 2 and 3 count; 4 and 5 mostly hold how validation scatters from epoch to epoch.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results import paper
from fer_transfer.results.protocols import Group
from fer_transfer.scoring.rates import Window, mean_convergence_rate

TABLES = (paper.ACCURACY_MCR, paper.LOSS_MCR)
# From which epoch to which each column averages; the first is choice C3.
READINGS: dict[str, tuple[Window, ...]] = {
    "the windows that the published numbers have": tuple(paper.WINDOWS.values()),
    "the windows of the text": tuple(paper.TEXT_WINDOWS.values()),
}
NUM_EPOCHS = max(last for windows in READINGS.values() for _, last in windows)
NEAR = 0.2  # up to here a protocol may have made a row: a threshold of ours

Row = np.ndarray  # a rate per window, (4,)
Rows = Mapping[str, Row]  # by table


def rows_of(history: pd.DataFrame, windows: Sequence[Window]) -> dict[str, Row]:
    """Return a run's rows of Tables 2 and 3."""
    metrics = {key: history[paper.TABLES[key].metric].to_numpy() for key in TABLES}
    return {
        key: np.array([mean_convergence_rate(metric, *window) for window in windows])
        for key, metric in metrics.items()
    }


def distance(ours: Row, published: Row) -> float:
    """Return how far a row is from the published one.

    >>> distance(np.array([0.2, 0.4]), np.array([0.2, 0.4]))
    0.0
    >>> distance(np.array([0.3, 0.4]), np.array([0, 0]))
    0.3535533905932738
    """
    return root_mean_square(ours - published) / (root_mean_square(published) or 1.0)


def root_mean_square(values: Row) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def mean_distance(ours: Rows, published: Rows, scale: Rows | None = None) -> float:
    """Return the mean distance of the tables whose published row is not all zeros.

    `scale` are the published rows where `published` are not: another seed's.
    """
    known = [key for key in TABLES if np.any((scale or published)[key])]
    return fmean(
        root_mean_square(ours[key] - published[key])
        / root_mean_square((scale or published)[key])
        for key in known
    )


def compare(
    histories: Mapping[str, Sequence[pd.DataFrame]], published: Rows
) -> dict[str, Any]:
    """Return each protocol's distances, and the nearest under each reading.

    Args:
        histories: By protocol, the history of each of its runs, of 20 epochs or more.
        published: By table, the paper's row.

    Returns:
        protocols: by protocol the distance of each table's mean row over seeds, their mean
        (overall), the mean distance between two seeds in the same units (floor, None of one
        seed) and seeds. zeros: the tables whose published row has no scale. nearest: by reading.
    """
    protocols: dict[str, Any] = {}
    nearest = {}
    for reading, windows in READINGS.items():
        seeds = {
            name: [rows_of(history, windows) for history in runs]
            for name, runs in histories.items()
        }
        means = {
            name: {key: np.mean([rows[key] for rows in runs], axis=0) for key in TABLES}
            for name, runs in seeds.items()
        }
        overall = {name: mean_distance(rows, published) for name, rows in means.items()}
        nearest[reading] = min(overall, key=overall.__getitem__)
        if not protocols:
            protocols = {
                name: {
                    **{key: distance(rows[key], published[key]) for key in TABLES},
                    "overall": overall[name],
                    "floor": floor(seeds[name], published),
                    "seeds": len(seeds[name]),
                }
                for name, rows in means.items()
            }
    zeros = [key for key in TABLES if not np.any(published[key])]
    return {"protocols": protocols, "zeros": zeros, "nearest": nearest}


def floor(seeds: Sequence[Rows], published: Rows) -> float | None:
    """Return the mean distance between two seeds: nearer than that means nothing."""
    pairs = list(combinations(seeds, 2))
    if not pairs:
        return None
    return fmean(mean_distance(left, right, published) for left, right in pairs)


def find(
    ran: Mapping[str, Group],
    histories: Mapping[str, pd.DataFrame],
    printed: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> dict[str, Any]:
    """Compare each published row with the protocols of its backbone and weights that ran.

    Args:
        ran: The groups of runs.
        histories: By run.
        printed: Tables 2-5, by variant and the column's heading.
    """
    distances = {}
    for variant in printed[paper.ACCURACY_MCR]:
        published = {
            key: np.array(list(printed[key][variant].values())) for key in TABLES
        }
        protocols = {
            group.protocol.label: [histories[run] for run in group.runs]
            for group in ran.values()
            if f"{group.backbone}-{group.weights}" == variant
            and len(histories[group.runs[0]]) >= NUM_EPOCHS
        }
        if protocols:
            distances[variant] = compare(protocols, published)
    return distances
