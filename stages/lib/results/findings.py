"""The findings in a few sentences, computed from the results."""

from collections.abc import Callable, Iterable
from functools import partial
from statistics import fmean
from typing import NamedTuple

from stages.lib.results import paper
from stages.lib.results.comparisons import PRETRAINED, val_margin
from stages.lib.results.evidence import Evidence, seed_margin
from stages.lib.study.catalog import BACKBONES

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
        faces_or_imagenet(evidence),
        best("Best at the start", "after epoch 1", evidence, "initial"),
        best("Best at the end", "after the last epoch", evidence, "final"),
        highest("Fastest to converge", paper.ACCURACY_MCR, evidence),
        highest("Most prone to overfit", paper.ACCURACY_MOFR, evidence),
        worth_of_pretraining(evidence),
        effect_of_duplicates(evidence),
    ]


def faces_or_imagenet(evidence: Evidence) -> Finding:
    """Compare the best network pretrained on faces with the best one on ImageNet."""
    question = "Pretrained on faces or on ImageNet?"
    usable = evidence.usable()
    found = []
    for learned in ("faces", "ImageNet"):
        backbones = [name for name, row in BACKBONES.items() if row.learned == learned]
        names = [evidence.names.get((name, PRETRAINED)) for name in backbones]
        there = [name for name in names if name in usable]
        ranking = rank(there, partial(evidence.mean, "final", key="val_accuracy"))
        if not ranking:
            wanted = " or ".join(BACKBONES[name].title for name in backbones)
            detail = f"It takes a pretrained {wanted}, of which none has results."
            return Finding(question, "not known", detail)
        found.append(ranking[0])
    (faces, face), (imagenet, other) = found
    answer = "faces" if faces > imagenet else "ImageNet"
    if abs(faces - imagenet) <= margin(evidence, face, other):
        answer = "too close to call"
    detail = f"{face} ends at {faces:.1%} of the validation images, {other} at {imagenet:.1%}."
    return Finding(question, answer, detail)


def margin(evidence: Evidence, left: str, right: str) -> float:
    """Return by how much final validation accuracies must differ: over seeds, or by images."""
    by_seeds = seed_margin(
        evidence.values("final", left, "val_accuracy"),
        evidence.values("final", right, "val_accuracy"),
    )
    return val_margin(evidence) if by_seeds is None else by_seeds


def best(question: str, when: str, evidence: Evidence, table: str) -> Finding:
    """Name the variant with the highest validation accuracy."""
    ranking = rank(evidence.usable(), partial(evidence.mean, table, key="val_accuracy"))
    (first, name), rest = ranking[0], ranking[1:]
    detail = f"{first:.1%} of the validation images {when}"
    if rest:
        second, follower = rest[0]
        detail += f"; next is {follower} with {second:.1%}"
        if first - second <= margin(evidence, name, follower):
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


def worth_of_pretraining(evidence: Evidence) -> Finding:
    """Give what a pretrained variant is ahead of the random one, by backbone."""
    usable = evidence.usable()
    worth, unknown = [], []
    for backbone in dict.fromkeys(backbone for backbone, _ in evidence.names):
        pair = [evidence.names.get((backbone, how)) for how in (PRETRAINED, "random")]
        values = [
            evidence.mean("final", name, "deduplicated_accuracy")
            for name in pair
            if name in usable
        ]
        title = BACKBONES[backbone].title
        if len(values) == len(pair) and None not in values:
            worth.append(f"{title} {signed(100 * (values[0] - values[1]), 1)}")  # type: ignore[operator]
        else:
            unknown.append(title)
    detail = "Points of accuracy on the deduplicated test set."
    if unknown:
        detail += (
            " Not known where one of the two is missing or its features are uninformative: "
            f"{', '.join(unknown)}."
        )
    question = "What pretraining is worth"
    return Finding(question, ", ".join(worth) or "not known", detail)


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
        return Finding(question, "nothing here", "No test image is also in train.")
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
