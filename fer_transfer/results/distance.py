"""Which protocol made each published row: how far the rates of every run are from the paper's.

The distance of a row of a table is the root of the mean square of the differences, over the
root of the mean square of the published numbers: 0: identical; 1: no better than predicting
zero. A published row of zeros has no such scale, and no distance.
Tables 2 and 3 count; 4 and 5 mostly hold how validation scatters from epoch to epoch.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results import paper
from fer_transfer.results.protocols import Protocol, at_best_epoch
from fer_transfer.results.study import Study

TABLES = (paper.ACCURACY_MCR, paper.LOSS_MCR)
SPANS = list(paper.WINDOWS.values())
LATER = [(first + 1, last + 1) for first, last in SPANS]
NEAR = 0.2  # up to here a protocol may have made a row: a threshold of ours


def find(study: Study, printed: paper.Published) -> dict[str, Any]:
    """Compare each published row with the protocols of its backbone and weights that ran.

    Args:
        study: Its groups; those with a run of too few epochs for all windows are left out.
        printed: Tables 2-5.

    Returns:
        rows: by the paper's variant, what `compare` returns. summary: what follows of them.
    """
    # The same trainings, scored at another epoch.
    splits, rescored = study.settings.splits, at_best_epoch(study.ran).values()
    tables = {name for name, split in splits.items() if split.by == "tables"}
    paper_sets = {study.data.paper_split, *tables}
    rows = {}
    for variant in printed[TABLES[0]]:
        protocols = {
            group.protocol: histories
            for name, group in study.ran.items()
            if name not in rescored
            and group.protocol.split in paper_sets
            and group.network == variant
            and min(map(len, histories := study.histories(name))) >= LATER[-1][1]
        }
        if protocols:
            published = [list(printed[key][variant].values()) for key in TABLES]
            compared = compare(protocols, np.array(published))
            rows[variant] = {protocol.label: row for protocol, row in compared.items()}
    return {"rows": rows, "summary": summarise(rows)}


def compare(
    protocols: Mapping[Protocol, list[pd.DataFrame]], published: np.ndarray
) -> dict[Protocol, dict[str, Any]]:
    """Return how far each protocol is from a published row, the nearest first.

    The published numbers do not tell whether their windows begin at epoch 1 or 2, so the farther
    of the two counts.

    Args:
        protocols: Of each the histories of its runs.
        published: The paper's, (tables, windows).

    Returns:
        The distance of each table's mean over seeds (None of a row of zeros), their mean
        (overall), that mean with every window one epoch later (later), and the mean distance
        between two seeds (floor; None of a single seed).
    """
    norm = np.linalg.norm(published, axis=-1)
    scale = np.where(norm > 0, norm, np.nan)

    def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.asarray(np.linalg.norm(left - right, axis=-1) / scale)

    described: dict[Protocol, dict[str, Any]] = {}
    for protocol, histories in protocols.items():
        seeds = rates(histories, SPANS)
        by_table = distances(seeds.mean(axis=0), published)
        moved = rates(histories, LATER).mean(axis=0)
        apart = [np.nanmean(distances(*pair)) for pair in combinations(seeds, 2)]
        described[protocol] = {
            key: None if np.isnan(value) else float(value)
            for key, value in zip(TABLES, by_table, strict=True)
        } | {
            "overall": float(np.nanmean(by_table)),
            "later": float(np.nanmean(distances(moved, published))),
            "floor": float(np.mean(apart)) if apart else None,
        }
    return dict(sorted(described.items(), key=lambda row: farther(row[1])))


def rates(histories: list[pd.DataFrame], spans: Sequence[paper.Window]) -> np.ndarray:
    """Return the rates that count of some histories, (runs, tables, windows)."""
    rate_of = [paper.TABLES[key].rate_of for key in TABLES]
    return np.array(
        [[[of(run, *span) for span in spans] for of in rate_of] for run in histories]
    )


def farther(row: Mapping[str, Any]) -> float:
    """Return a protocol's distance with the windows that suit it less."""
    return float(max(row["overall"], row["later"]))


def is_near(row: Mapping[str, Any]) -> bool:
    """Tell whether a protocol may have made a row, with both windows."""
    return farther(row) <= NEAR


def summarise(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what a reader may conclude of the published tables as a whole.

    Args:
        rows: What `compare` returns, by variant and label.
    """
    if not rows:
        return ""
    near = [[key for key in tried if is_near(tried[key])] for tried in rows.values()]
    number, share = sum(map(bool, near)), f"of {len(rows)} published rows"
    trained = sorted({label.split(",")[0] for labels in near for label in labels})
    what = f", each with {' or '.join(trained)} trained" if trained else ""
    text = f"{number} {share} are near one of the protocols tried{what}"
    if once := [variant for variant, tried in rows.items() if len(tried) == 1]:
        text = f"{text} (only one was tried for {' and '.join(once)})"
    if number < len(rows):
        text += "; none is near all: rows may differ in protocol, not only in network"
    return f"{text}."
