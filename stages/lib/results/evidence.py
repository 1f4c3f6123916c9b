"""What a study can collect_results: its numbers by variant, and why one is not there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

from stages.lib.study.settings import Variant

# By variant, and then by window of epochs ("6-10"), by metric or by emotion.
Table = Mapping[str, Mapping[str, float]]

# Two shares are told apart where they differ by more than 95 % of lucky draws would.
STANDARD_ERRORS = 1.96


@dataclass(frozen=True)
class Evidence:
    """The numbers of one study, ours or the paper's; what it does not have is left empty."""

    names: Mapping[tuple[str, str], str]  # which variant has a backbone and weights
    tables: Mapping[str, Table]  # "table2", ... "table5": rates by window
    absent: Mapping[str, str] = field(default_factory=dict)  # by variant, why
    uninformative: frozenset[str] = frozenset()
    initial: Table = field(
        default_factory=dict
    )  # accuracy, val_accuracy, loss, val_loss
    final: Table = field(
        default_factory=dict
    )  # the same, test and deduplicated_accuracy
    recall: Table = field(default_factory=dict)  # on the test set, by emotion
    num_val: int = 1  # images behind val_accuracy
    num_test: Mapping[str, int] = field(
        default_factory=dict
    )  # behind recall, by emotion
    parameters: Mapping[str, float] = field(default_factory=dict)  # by backbone
    milliseconds: Mapping[str, float] = field(
        default_factory=dict
    )  # an image, the same

    def usable(self) -> list[str]:
        """Return the variants whose results say something: they ran, and had a signal."""
        return [name for name in self.final if name not in self.uninformative]

    def rate(self, table: str, variant: str, first: int, last: int) -> float | None:
        """Return a rate of Tables 2-5 over epochs `first` to `last`, which are windows'."""
        row = self.tables[table].get(variant, {})
        inside = [
            (low, high, value)
            for (low, high), value in zip(map(bounds, row), row.values(), strict=True)
            if first <= low and high <= last
        ]
        if sum(high - low + 1 for low, high, _ in inside) != last - first + 1:
            return None  # the windows do not end there
        # Epoch 1 has no difference to one before (choice C3).
        counts = [high - max(low, 2) + 1 for low, high, _ in inside]
        total = sum(n * value for n, (*_, value) in zip(counts, inside, strict=True))
        return total / sum(counts)

    def rate_over_all_epochs(self, table: str, variant: str) -> float | None:
        """Return a rate of Tables 2-5 over all epochs."""
        ends = [bounds(window)[1] for window in self.tables[table].get(variant, {})]
        return self.rate(table, variant, 1, max(ends)) if ends else None


def names(variants: Mapping[str, Variant]) -> dict[tuple[str, str], str]:
    """Name the variant of each backbone and weights: the first that params.yaml lists.

    One that is added later, such as `mobilenet-scratch`, is compared in tables and
    figures; the paper claims nothing about it.
    """
    found: dict[tuple[str, str], str] = {}
    for name, variant in variants.items():
        found.setdefault((variant.backbone, variant.weights), name)
    return found


def bounds(window: str) -> tuple[int, int]:
    """Return the first and the last epoch of a window.

    >>> bounds("6-10")
    (6, 10)
    """
    first, last = window.split("-")
    return int(first), int(last)


def margin_of_error(num_left: int, num_right: int) -> float:
    """Return the difference of two shares that may be luck, given the images behind each.

    The standard error of a share of n images is at most sqrt(1/4 / n); the two are taken
    as independent, which for two networks on the same images is on the safe side.

    >>> round(margin_of_error(7177, 7177), 4)
    0.0164
    """
    return STANDARD_ERRORS * sqrt(0.25 / max(num_left, 1) + 0.25 / max(num_right, 1))
