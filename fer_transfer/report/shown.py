"""What the figures and the page show: the results of a study, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.report import vega
from fer_transfer.results import inputs, paper
from fer_transfer.results.protocols import Group, groups, of_paper
from fer_transfer.scoring import scores
from fer_transfer.settings.settings import Settings

FACES_SEED = 42  # picks the images of the data set that are shown
FACES_SHOWN = 6  # of each class


@dataclass(frozen=True)
class Shown:
    """The results of a study.

    Attributes:
        study: What `tabulate` wrote in metrics/, by file.
        data: The labelled faces.
        groups: All groups of params.yaml, with results or without.
        paper_groups: Those of the paper's protocol; of other data, all on the first split.
        runs, summary: The tables of runs and of groups.
        styles: How groups are drawn (vega.styles_of).
        baseline: Accuracy of the majority class, and loss of predicting the classes' shares.
        own: Whether the data are not the paper's, so that there is nothing to compare.
    """

    study: Mapping[str, Any]
    data: inputs.Data
    groups: Mapping[str, Group]
    paper_groups: Mapping[str, Group]
    runs: pd.DataFrame
    summary: pd.DataFrame
    styles: pd.DataFrame
    baseline: Mapping[str, float]
    own: bool

    @property
    def first_runs(self) -> dict[str, str]:
        """Name the first run of each of the paper's groups that has results."""
        ran = self.study["ran"]
        return {key: next(iter(ran[key])) for key in self.paper_groups if key in ran}

    def in_paper_groups(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table's rows of the paper's groups."""
        return table[table["group"].isin(list(self.paper_groups))]


def read(settings: Settings) -> Shown:
    """Read what `tabulate` and the stages before it wrote."""
    study, data = inputs.read_study(settings), inputs.read_data(settings)
    listed, first = groups(settings), data.paper_split
    own = study["data"] not in paper.DATA
    on_first = {
        key: listed[key] for key in listed if listed[key].protocol.split == first
    }
    scored = scores.baseline(data.labels, len(data.classes))
    return Shown(
        study,
        data,
        listed,
        on_first if own else of_paper(settings),
        inputs.read_table("results"),
        inputs.read_table("groups"),
        vega.styles_of(listed),
        {"accuracy": scored["accuracy"], "loss": scored["prior_loss"]},
        own,
    )


def pick_faces(labels: np.ndarray, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """Pick a few faces of each class at random; return their rows by class."""
    random = np.random.default_rng(FACES_SEED)
    rows = {name: np.flatnonzero(labels == code) for code, name in enumerate(classes)}
    return {
        name: random.choice(mine, min(FACES_SHOWN, len(mine)), replace=False)
        for name, mine in rows.items()
    }
