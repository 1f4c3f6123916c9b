"""The findings in a few sentences, computed from the results."""

from collections.abc import Callable, Iterable
from functools import partial
from statistics import fmean
from typing import NamedTuple

from fer_transfer.results import paper
from fer_transfer.results.comparisons import accuracy_margin
from fer_transfer.results.evidence import Evidence

Ranking = list[tuple[float, str]]  # value and variant, the highest first


class Finding(NamedTuple):
    """A question, the short answer, and the numbers behind it."""

    question: str
    answer: str
    detail: str


def find(evidence: Evidence) -> list[Finding]:
    """Say what came out, of the variants that have results and informative features."""
    if not evidence.usable():
        return []
    return [
        best("Best at the start", "after epoch 1", evidence, "initial"),
        best("Best at the end", "after the last epoch", evidence, "final"),
        highest("Fastest to converge", paper.ACCURACY_MCR, evidence),
        highest("Most prone to overfit", paper.ACCURACY_MOFR, evidence),
        effect_of_duplicates(evidence),
    ]


def best(question: str, when: str, evidence: Evidence, table: str) -> Finding:
    """Name the variant with the highest validation accuracy."""
    ranking = rank(evidence.usable(), partial(evidence.mean, table, key="val_accuracy"))
    (first, name), rest = ranking[0], ranking[1:]
    detail = f"{first:.1%} of the validation images {when}"
    if rest:
        second, follower = rest[0]
        detail += f"; next is {follower} with {second:.1%}"
        if first - second <= accuracy_margin(evidence, table, name, follower):
            detail += ", too close to tell them apart"
    return Finding(question, name, f"{detail}.")


def highest(question: str, table: str, evidence: Evidence) -> Finding:
    """Name the variant with the highest rate over all epochs."""

    def mean_rate(name: str) -> float | None:
        rates = evidence.rates_over_all_epochs(table, name)
        return fmean(rates) if rates else None

    ranking = rank(evidence.usable(), mean_rate)
    if not ranking:
        return Finding(question, "not known", "A rate takes two epochs.")
    (first, name), rest = ranking[0], ranking[1:]
    title = paper.TABLES[table]
    detail = f"{title.metric} {title.rate} {signed(first, 4)} per epoch over all epochs"
    if rest:
        detail += f"; next is {rest[0][1]} with {signed(rest[0][0], 4)}"
    return Finding(question, name, f"{detail}.")


def effect_of_duplicates(evidence: Evidence) -> Finding:
    """Give how much exact duplicates in train change a test accuracy at most."""
    gaps = []
    for name in evidence.usable():
        whole = evidence.mean("final", name, "test_accuracy")
        deduplicated = evidence.mean("final", name, "deduplicated_accuracy")
        if whole is not None and deduplicated is not None:
            gaps.append((whole - deduplicated, name))
    question = "What exact duplicates in train add"
    if not gaps:
        return Finding(question, "not known", "Every test image is also in train.")
    gap, name = max(gaps, key=lambda pair: abs(pair[0]))
    if not gap:
        same = (
            "Every variant has one accuracy on the paper’s test set and without them."
        )
        return Finding(question, "nothing", same)
    detail = (
        f"{name}’s accuracy on the paper’s test set less that on its deduplicated part; "
        "no other variant’s differ by more."
    )
    return Finding(question, f"{signed(100 * gap, 1)} points at most", detail)


def rank(
    variants: Iterable[str | None], value_of: Callable[[str], float | None]
) -> Ranking:
    """Order variants by a value, the highest first; those without one are left out."""
    values = [(value_of(name), name) for name in variants if name is not None]
    known = [(value, name) for value, name in values if value is not None]
    return sorted(known, key=lambda pair: -pair[0])


def signed(value: float, digits: int) -> str:
    """Write a number with its sign, and a true minus.

    >>> signed(-1.25, 1)
    '−1.2'
    """
    return f"{value:+.{digits}f}".replace("-", "−")
