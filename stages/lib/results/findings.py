"""The findings in a few sentences, computed from the results."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from stages.lib.page.style import BACKBONES
from stages.lib.results.comparisons import FACES, IMAGENET, PRETRAINED
from stages.lib.results.evidence import Evidence, Table, margin_of_error

Ranking = list[tuple[float, str]]  # value and variant, the highest first


class Finding(NamedTuple):
    """A question, the short answer, and the numbers behind it."""

    question: str
    answer: str
    detail: str


def find(evidence: Evidence) -> list[Finding]:
    """Say what came out, of the variants that have results and a signal."""
    if not evidence.usable():
        return []
    return [
        faces_or_imagenet(evidence),
        best("Best at the start", "after epoch 1", evidence, evidence.initial),
        best("Best at the end", "after the last epoch", evidence, evidence.final),
        highest("Fastest to converge", "table2", "accuracy MCR", evidence),
        highest("Most prone to overfit", "table4", "accuracy MOFR", evidence),
        worth_of_pretraining(evidence),
        effect_of_duplicates(evidence),
    ]


def faces_or_imagenet(evidence: Evidence) -> Finding:
    """Compare the best network pretrained on faces with the best one on ImageNet."""
    question = "Pretrained on faces or on ImageNet?"
    usable = evidence.usable()
    found = []
    for backbones in (FACES, IMAGENET):
        names = [evidence.names.get((name, PRETRAINED)) for name in backbones]
        there = [name for name in names if name in usable]
        ranking = rank(there, lambda name: evidence.final[name]["val_accuracy"])
        if not ranking:
            wanted = " or ".join(BACKBONES[name] for name in backbones)
            detail = f"It takes a pretrained {wanted}, of which none has results."
            return Finding(question, "not known", detail)
        found.append(ranking[0])
    (faces, face), (imagenet, other) = found
    answer = "faces" if faces > imagenet else "ImageNet"
    if abs(faces - imagenet) <= margin_of_error(evidence.num_val, evidence.num_val):
        answer = "too close to call"
    detail = f"{face} ends at {faces:.1%} of the validation images, {other} at {imagenet:.1%}."
    return Finding(question, answer, detail)


def best(question: str, when: str, evidence: Evidence, table: Table) -> Finding:
    """Name the variant with the highest validation accuracy."""
    ranking = rank(evidence.usable(), lambda name: table[name]["val_accuracy"])
    (first, name), rest = ranking[0], ranking[1:]
    detail = f"{first:.1%} of the validation images {when}"
    if rest:
        second, follower = rest[0]
        detail += f"; next is {follower} with {second:.1%}"
        if first - second <= margin_of_error(evidence.num_val, evidence.num_val):
            detail += ", too close to tell them apart"
    return Finding(question, name, f"{detail}.")


def highest(question: str, table: str, rate: str, evidence: Evidence) -> Finding:
    """Name the variant with the highest rate over all epochs."""
    ranking = rank(
        evidence.usable(), lambda name: evidence.rate_over_all_epochs(table, name)
    )
    if not ranking:
        return Finding(question, "not known", "A rate takes two epochs.")
    (first, name), rest = ranking[0], ranking[1:]
    detail = f"{rate} {signed(first, 4)} an epoch over all epochs"
    if rest:
        detail += f"; next is {rest[0][1]} with {signed(rest[0][0], 4)}"
    return Finding(question, name, f"{detail}.")


def worth_of_pretraining(evidence: Evidence) -> Finding:
    """Give what a pretrained variant is ahead of the random one, by backbone."""
    usable = evidence.usable()
    worth, unknown = [], []
    for backbone, title in BACKBONES.items():
        pair = [evidence.names.get((backbone, how)) for how in (PRETRAINED, "random")]
        values = [
            evidence.final[name]["deduplicated_accuracy"]
            for name in pair
            if name in usable
        ]
        if len(values) == len(pair) and None not in values:
            worth.append(f"{title} {signed(100 * (values[0] - values[1]), 1)}")
        else:
            unknown.append(title)
    detail = "Points of accuracy on the test images without an exact copy in train."
    if unknown:
        detail += f" Not known where one of the two is missing or has no signal: {', '.join(unknown)}."
    question = "What pretraining is worth"
    return Finding(question, ", ".join(worth) or "not known", detail)


def effect_of_duplicates(evidence: Evidence) -> Finding:
    """Give how much exact copies in train change a test accuracy at most."""
    gaps = [
        (values["test_accuracy"] - values["deduplicated_accuracy"], name)
        for name, values in evidence.final.items()
        if name in evidence.usable() and values["deduplicated_accuracy"] is not None
    ]
    question = "What exact copies in train add"
    if not gaps:
        return Finding(question, "not known", "Every test image has a copy in train.")
    gap, name = max(gaps, key=lambda pair: abs(pair[0]))
    if not gap:
        return Finding(question, "nothing here", "No test image has a copy in train.")
    detail = (
        f"{name}’s accuracy on the paper’s test set less that on its part without copies; "
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
