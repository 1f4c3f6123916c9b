"""The tables that `dvc plots` and the figures draw: a row or more per run."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results import tables
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.protocols import Group, by_the_text
from fer_transfer.results.runs import Result
from fer_transfer.scoring import scores
from fer_transfer.settings.settings import Settings

KEYS = ["run", "variant", "seed", "network", "weights"]

Rows = Callable[[str], list[Any]]  # the rows of a run


def describe_runs(ran: Mapping[str, Group], settings: Settings) -> list[dict[str, Any]]:
    """Return what plots tell each run apart by; `network` names another protocol than the text's."""
    text = by_the_text(settings)
    return [
        {
            "run": run,
            "variant": name,
            "seed": settings.runs[run].seed,
            "network": BACKBONES[group.backbone].title
            + ("" if group.protocol == text else f", {group.protocol.label}"),
            "weights": group.weights,
        }
        for name, group in ran.items()
        for run in group.runs
    ]


def gather(
    heads: list[dict[str, Any]], columns: list[str], rows_of: Rows
) -> pd.DataFrame:
    """Put every run's rows under one another; without results there is the header alone."""
    rows = [{**head, **row} for head in heads for row in rows_of(head["run"])]
    return pd.DataFrame(rows, columns=[*KEYS, *columns])


def tables_of(
    results: Mapping[str, Result],
    labels: Mapping[str, np.ndarray],
    classes: tuple[str, ...],
) -> dict[str, tuple[list[str], Rows]]:
    """Return, by the table's name, its columns and what gives a run's rows.

    `labels` (n_test,) are those of each split's test images.
    """
    return {
        "learning": (
            ["epoch", *tables.VALUES],
            lambda run: results[run].history.to_dict("records"),
        ),
        "initial": (
            tables.VALUES,
            lambda run: [tables.first_epoch(results[run].history)],
        ),
        "test": (
            ["test_accuracy", "deduplicated_accuracy"],
            lambda run: [tables.last_epoch(results[run].history, results[run].test)],
        ),
        "confusion": (
            ["actual", "predicted", "images", "share"],
            lambda run: scores.confusion(
                labels[results[run].split], results[run].predicted, classes
            ),
        ),
    }
