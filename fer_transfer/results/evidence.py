"""What a study has to say: its numbers by group of runs, and why one is not there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from scipy import stats

from fer_transfer.results import paper
from fer_transfer.results.protocols import Group, Protocol
from fer_transfer.scoring.rates import num_differences, window_bounds

Row = Mapping[str, float]

# By group of runs a row per run: by window of epochs ("6-10"), by metric or by emotion.
Table = Mapping[str, Sequence[Row]]

CONFIDENCE = 0.95
ENOUGH_SEEDS = 3  # with fewer, the spread over seeds cannot be told


@dataclass(frozen=True)
class Evidence:
    """The numbers of one study, ours or the paper's; what it does not have is left empty.

    `tables` holds "table2" to "table5" (rates by window), "initial" and "final" (accuracy,
    val_accuracy, loss, val_loss; the latter also test_accuracy, deduplicated_accuracy) and
    "recall" (on the test set, by emotion).
    """

    names: Mapping[tuple[str, str], str]  # the group that has a backbone and weights
    tables: Mapping[str, Table]
    absent: Mapping[str, str] = field(default_factory=dict)  # by group, why
    uninformative: frozenset[str] = frozenset()  # groups
    precisions: Mapping[str, str] = field(default_factory=dict)  # by group
    num_val: int = 1  # images behind val_accuracy
    num_test: Mapping[str, int] = field(default_factory=dict)  # behind recall
    parameters: Mapping[str, float] = field(default_factory=dict)  # by backbone
    milliseconds: Mapping[str, float] = field(
        default_factory=dict
    )  # per image, the same

    def usable(self) -> list[str]:
        """Return the groups whose results say something: they ran, on informative features."""
        ran = self.tables["final"]
        return [
            name
            for name in self.names.values()
            if name in ran and name not in self.uninformative
        ]

    def values(self, table: str, group: str, key: str) -> list[float]:
        """Return a number of each run of a group; nothing where a run has none."""
        found = [row.get(key) for row in self.tables.get(table, {}).get(group, ())]
        return [value for value in found if value is not None]

    def mean(self, table: str, group: str, key: str) -> float | None:
        """Return a number's mean over the runs of a group."""
        found = self.values(table, group, key)
        return float(np.mean(found)) if found else None

    def rates(self, table: str, group: str, first: int, last: int) -> list[float]:
        """Return each run's rate of Tables 2-5 over epochs `first` to `last`."""
        rows = self.tables[table].get(group, ())
        found = [rate(row, first, last) for row in rows]
        return [value for value in found if value is not None]

    def rates_over_all_epochs(self, table: str, group: str) -> list[float]:
        """Return each run's rate of Tables 2-5 over all epochs."""
        rows = self.tables[table].get(group, ())
        ends = [window_bounds(window)[1] for row in rows for window in row]
        return self.rates(table, group, 1, max(ends)) if ends else []


def names(
    groups: Mapping[str, Group], trainable_layers: int | str, precision: str
) -> dict[tuple[str, str], str]:
    """Name the group of each backbone and weights of which so many layers trained.

    Groups that depart from the study's settings are left out; where there is one in each
    precision, that in `precision` counts.
    """
    found: dict[tuple[str, str], str] = {}
    for name, group in groups.items():
        if group.protocol != Protocol(trainable_layers, group.protocol.precision):
            continue
        key = group.backbone, group.weights
        if key not in found or group.protocol.precision == precision:
            found[key] = name
    return found


def rate(row: Row, first: int, last: int) -> float | None:
    """Return a rate over epochs `first` to `last`, if the row has windows that end there.

    >>> rate({"1-2": 0.3, "3-4": 0.1}, 1, 4), rate({"2-2": 0.3, "3-3": 0.1}, 1, 3)
    (0.16666666666666666, 0.2)
    """
    inside = [
        (window_bounds(window), value)
        for window, value in row.items()
        if first <= window_bounds(window)[0] and window_bounds(window)[1] <= last
    ]
    counts = [num_differences(*bounds) for bounds, _ in inside]
    if not counts or sum(counts) != num_differences(first, last):
        return None
    total = sum(n * value for n, (_, value) in zip(counts, inside, strict=True))
    return total / sum(counts)


def margin_of_error(num_left: int, num_right: int) -> float:
    """Return the difference of two shares that is not significant, given the images behind each.

    The standard error of a share of n images is at most sqrt(1/4 / n); the two are taken
    as independent, which for two networks on the same images is on the safe side.

    >>> round(margin_of_error(7177, 7177), 4)
    0.0164
    """
    critical = stats.norm.ppf((1 + CONFIDENCE) / 2)
    return float(critical * sqrt(0.25 / max(num_left, 1) + 0.25 / max(num_right, 1)))


def seed_margin(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return half of Welch's confidence interval for a difference of means over seeds.

    None where either side has fewer than three seeds.

    >>> seed_margin([0.1, 0.2], [0.1, 0.2, 0.3]) is None
    True
    """
    if min(len(left), len(right)) < ENOUGH_SEEDS:
        return None
    # Not by scipy.stats.ttest_ind, which warns of seeds that agree and gives "not a number".
    squares = [np.var(values, ddof=1) / len(values) for values in (left, right)]
    if not sum(squares):
        return 0.0
    freedom = sum(squares) ** 2 / sum(
        square**2 / (len(values) - 1)
        for square, values in zip(squares, (left, right), strict=True)
    )
    critical = stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
    return float(critical * sqrt(sum(squares)))


def of_the_paper(published: Mapping[str, Mapping[str, Row]]) -> Evidence:
    """Return what the paper's own tables have to say, so that claims can be judged by them."""
    return Evidence(
        names={
            (backbone, weights): f"{backbone}-{weights}"
            for backbone in paper.BACKBONES
            for weights in ("pretrained", "random")
        },
        tables={
            **{
                table: {name: [row] for name, row in rows.items()}
                for table, rows in published.items()
            },
            "final": {},
        },
    )
