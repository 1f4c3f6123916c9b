"""The learning curves as data: the lines that the figures and the page both draw."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from fer_transfer.report import style
from fer_transfer.report.style import Style

UNITS = {"accuracy": "accuracy (share of images)", "loss": "loss (cross-entropy, nats)"}
PARTS = {"training": "", "validation": "val_"}  # and the prefixes of their columns


class Line(NamedTuple):
    """One curve: its name, its values, and how it looks.

    Of several seeds the values are means; `low` and `high` are the least and the most.
    """

    title: str
    values: dict[int, float]  # by epoch
    low: dict[int, float]
    high: dict[int, float]
    colour: str
    dash: str  # solid or dashed
    width: float
    marker: str  # matplotlib's; empty: none

    @property
    def has_spread(self) -> bool:
        return self.low != self.high


def learning_curves(
    history: pd.DataFrame,
    metric: str,
    styles: Mapping[str, Style],
    parts: Sequence[str] = tuple(PARTS),
) -> list[Line]:
    """Return the curves of a metric: each variant's training and, lighter, validation.

    Args:
        history: A row per run and epoch, with the columns variant, seed and epoch.
        metric: accuracy or loss.
        styles: By variant.
        parts: What to draw; one alone is drawn in the full colour.
    """
    return [
        _line(str(variant), part, metric, epochs, styles[str(variant)], len(parts) == 1)
        for variant, epochs in history.groupby("variant", sort=False)
        for part in parts
    ]


def _line(
    variant: str, part: str, metric: str, epochs: pd.DataFrame, look: Style, alone: bool
) -> Line:
    full = alone or part == "training"
    seeds = epochs.groupby("epoch")[PARTS[part] + metric]
    num_seeds = epochs["seed"].nunique()
    return Line(
        f"{variant}, {part}" + (f", {num_seeds} seeds" if num_seeds > 1 else ""),
        _by_epoch(seeds.mean()),
        _by_epoch(seeds.min()),
        _by_epoch(seeds.max()),
        look.colour if full else style.lighter(look.colour),
        look.dash,
        2.2 if full else 1.6,
        look.marker,
    )


def _by_epoch(values: pd.Series) -> dict[int, float]:
    return dict(zip(values.index.tolist(), values.tolist(), strict=True))
