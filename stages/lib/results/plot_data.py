"""The tables that `dvc plots` and the figures draw: a row or more per run."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from stages.lib.study.catalog import BACKBONES
from stages.lib.study.protocols import Group, by_the_text
from stages.lib.study.settings import Settings

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
