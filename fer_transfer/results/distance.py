"""Which protocol made each published row: how far the rates of every run are from the paper's.

The distance of a row of a table is the root of the mean square of the differences, over the
root of the mean square of the published numbers: 0 is the same, 1 is no better than claiming
zero. A published row of zeros has no such scale, and no distance.
Tables 2 and 3 count; 4 and 5 mostly hold how validation scatters from epoch to epoch.
"""

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results import paper
from fer_transfer.results.protocols import Protocol, at_best_epoch
from fer_transfer.results.study import Study

TABLES = (paper.ACCURACY_MCR, paper.LOSS_MCR)
NEAR = 0.2  # up to here a protocol may have made a row: a threshold of ours


def find(
    study: Study, runs: pd.DataFrame, printed: paper.Published, omit: Collection[str]
) -> dict[str, Any]:
    """Compare each published row with the protocols of its backbone and weights that ran.

    Args:
        study: Its groups.
        runs: The table of all runs; those of too few epochs for all four windows are left out.
        printed: Tables 2-5.
        omit: The groups that are not compared, beside those that only keep another epoch.

    Returns:
        rows: by the paper's variant, what `compare` returns. summary: what follows of them.
    """
    spans = list(paper.spans(study.settings.tables.windows).values())
    columns = [(paper.TABLES[key].title, *span) for key in TABLES for span in spans]
    rates = runs.pivot_table("value", "run", ["metric", "first", "last"])
    complete = rates.reindex(columns=pd.MultiIndex.from_tuples(columns)).dropna()
    omit = {*omit, *at_best_epoch(study.ran).values()}
    rows, near = {}, {}
    for variant in printed[TABLES[0]]:
        protocols = {
            group.protocol: complete.loc[list(group.runs)]
            .to_numpy()
            .reshape(-1, len(TABLES), len(spans))
            for name, group in study.ran.items()
            if name not in omit
            and f"{group.backbone}-{group.weights}" == variant
            and set(group.runs) <= set(complete.index)
        }
        if protocols:
            published = [list(printed[key][variant].values()) for key in TABLES]
            compared = compare(protocols, np.array(published))
            rows[variant] = {protocol.label: row for protocol, row in compared.items()}
            near[variant] = {
                protocol.without("size")._replace(split="random").label
                for protocol, row in compared.items()
                if row["overall"] <= NEAR
            }
    return {"rows": rows, "summary": summarise(rows, near)}


def compare(
    protocols: Mapping[Protocol, np.ndarray], published: np.ndarray
) -> dict[Protocol, dict[str, Any]]:
    """Return how far each protocol is from a published row, the nearest first.

    Args:
        protocols: Of each the rates of its runs, (runs, tables, windows).
        published: The paper's, (tables, windows).

    Returns:
        The distance of each table's mean over seeds (None of a row of zeros), their
        mean (overall), and the mean distance between two seeds in the same units (floor; None
        of a single seed).
    """
    norm = np.linalg.norm(published, axis=-1)
    scale = np.where(norm > 0, norm, np.nan)
    described: dict[Protocol, dict[str, Any]] = {}
    for protocol, seeds in protocols.items():
        distances = np.linalg.norm(seeds.mean(axis=0) - published, axis=-1) / scale
        apart = [
            np.nanmean(np.linalg.norm(left - right, axis=-1) / scale)
            for left, right in combinations(seeds, 2)
        ]
        by_table = [None if np.isnan(value) else float(value) for value in distances]
        described[protocol] = {
            **dict(zip(TABLES, by_table, strict=True)),
            "overall": float(np.nanmean(distances)),
            "floor": float(np.mean(apart)) if apart else None,
        }
    return dict(sorted(described.items(), key=lambda row: row[1]["overall"]))


def summarise(
    rows: Mapping[str, Mapping[str, Any]], near: Mapping[str, set[str]]
) -> str:
    """Say what a reader may conclude of the published tables as a whole.

    Args:
        rows: What `compare` returns, by label.
        near: The protocols that come near each row, whatever their split and input size.
    """
    if not rows:
        return ""
    number = sum(map(bool, near.values()))
    text = (
        f"A protocol that was tried comes near {number} of {len(rows)} published rows"
    )
    if shared := set.intersection(*near.values()):
        return f"{text}, and “{min(shared)}” comes near all of them."
    text = f"{text}, and none comes near all of them"
    if once := [variant for variant, tried in rows.items() if len(tried) == 1]:
        text = f"{text} (with {' and '.join(once)} only one was tried)"
    return (
        f"{text}. So differences between rows of the published tables need not be differences "
        "between networks under the same conditions."
    )
