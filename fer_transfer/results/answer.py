"""The answer: faces or ImageNet, and what pretraining is worth, with its uncertainty.

Accuracies are those on the test images without an exact duplicate in train. Every network
pretrained on faces is compared with every one pretrained on ImageNet under the same protocol, so
nothing is chosen by a score.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.compare import Difference, Sample, compare
from fer_transfer.results.evidence import accuracy_samples
from fer_transfer.results.protocols import Group
from fer_transfer.results.study import Study

FACES_OR_IMAGENET, PRETRAINING = "faces or ImageNet", "pretraining"
SIDES = {
    FACES_OR_IMAGENET: ("pretraining on faces is", "pretraining on ImageNet is"),
    PRETRAINING: ("pretrained weights are", "random weights are"),
}
SCATTER_EPOCHS = 10  # of the end, over which a run's validation accuracy scatters


class Pair(NamedTuple):
    """Two groups of one protocol that a question compares."""

    question: str
    left: str
    right: str


def pairs(groups: Mapping[str, Group]) -> list[Pair]:
    """List the comparisons of both questions, of groups of one protocol each."""
    listed: dict[str, list[Pair]] = {question: [] for question in SIDES}
    for (left, one), (right, other) in product(groups.items(), repeat=2):
        weights = one.weights, other.weights
        learned = [BACKBONES[group.backbone].learned for group in (one, other)]
        if one.protocol.conditions == other.protocol.conditions and (
            weights == ("pretrained", "pretrained") and learned == ["faces", "ImageNet"]
        ):
            listed[FACES_OR_IMAGENET].append(Pair(FACES_OR_IMAGENET, left, right))
        if one.protocol == other.protocol and (
            weights == ("pretrained", "random") and one.backbone == other.backbone
        ):
            listed[PRETRAINING].append(Pair(PRETRAINING, left, right))
    return [pair for of_question in listed.values() for pair in of_question]


def compare_all(study: Study) -> dict[Pair, Difference]:
    """Compare both questions' groups, of those that ran on informative features.

    A split whose validation images are its test images has no part in it.
    """
    samples: dict[str, Sample] = {}
    for name, group in study.ran.items():
        split = study.data.splits[group.protocol.split]
        if name not in study.uninformative and not split.validates_on_test:
            numbers = accuracy_samples(study, name)
            if "final" in numbers:
                samples[name] = numbers["final"]
    shown = {name: study.ran[name] for name in samples}
    return {
        pair: compare(samples[pair.left], samples[pair.right]) for pair in pairs(shown)
    }


def describe(
    study: Study,
    differences: Mapping[Pair, Difference],
    corrected: Mapping[Difference, Difference],
) -> dict[str, Any]:
    """Return the answer as it stands in the metrics.

    Returns:
        comparisons: each with the accuracies, the weights that train and the seeds on either
        side, its interval or, without one, the scatter of the last ten epochs. sentences: the
        same in words. tests: for how many comparisons p is corrected.
    """
    comparisons = [
        describe_pair(study, pair, corrected.get(difference, difference))
        for pair, difference in differences.items()
    ]
    return {
        "tests": len(corrected),
        "comparisons": comparisons,
        "sentences": {
            question: [headline(question, rows), *map(sentence, rows)]
            for question, rows in (
                (question, [one for one in comparisons if one["question"] == question])
                for question in SIDES
            )
        },
    }


def describe_pair(study: Study, pair: Pair, difference: Difference) -> dict[str, Any]:
    """Return a comparison as it stands in the metrics."""
    names = pair.left, pair.right
    groups = [study.ran[name] for name in names]
    return {
        "question": pair.question,
        "protocol": groups[0].protocol.conditions.label,
        "groups": [pair.left, pair.right],
        "titles": [describe_side(study, pair.question, name) for name in names],
        "seeds": [len(group.runs) for group in groups],
        "trainable": [trainable(study, name) for name in names],
        "accuracy": [difference.left, difference.right],
        **difference.described,
        "scatter": [scatter(study, group) for group in groups],
        "still_learning": [is_still_learning(study, group) for group in groups],
    }


def describe_side(study: Study, question: str, name: str) -> str:
    """Name a side: its network, what it learned before, and how many weights train."""
    group = study.ran[name]
    backbone = BACKBONES[group.backbone]
    what = backbone.learned if question == FACES_OR_IMAGENET else group.weights
    number = trainable(study, name)
    weights = "" if number is None else f", {number:,} weights train"
    return f"{backbone.title} ({what}{weights})"


def trainable(study: Study, name: str) -> int | None:
    """Return how many weights of a group train, its head's among them."""
    measured = study.measured.get(name)
    return measured["parameters"]["trainable"] if measured else None


def scatter(study: Study, group: Group) -> float:
    """Return the standard deviation of validation accuracy over the last ten epochs.

    Of several runs the largest. It says how far the score of one epoch can be trusted.
    """
    accuracies = (study.results[run].history["val_accuracy"] for run in group.runs)
    ends = [one.tail(SCATTER_EPOCHS) for one in accuracies]
    return max(float(end.std()) if len(end) > 1 else 0.0 for end in ends)


def is_still_learning(study: Study, group: Group) -> bool:
    """Tell whether the last epoch has the lowest validation loss of every run: not converged."""
    losses = (study.results[run].history["val_loss"] for run in group.runs)
    return all(len(loss) > 1 and loss.argmin() == len(loss) - 1 for loss in losses)


def headline(question: str, rows: list[dict[str, Any]]) -> str:
    """Say in a sentence what the comparisons of a question have in common."""
    outcomes = [row["outcome"] for row in rows if row["interval"]]
    if not outcomes:
        return "No comparison has three seeds on each side yet, so none is decided."
    left, right = SIDES[question]
    words = {
        "more": f"{left} more accurate",
        "less": f"{right} more accurate",
        "not significant": "no significant difference",
    }
    counts = [
        f"{text} in {outcomes.count(outcome)}"
        for outcome, text in words.items()
        if outcome in outcomes
    ]
    plural = "s" if len(outcomes) > 1 else ""
    return (
        f"Of {len(outcomes)} comparison{plural} with three seeds on each side: "
        f"{', '.join(counts)}."
    )


def sentence(row: dict[str, Any]) -> str:
    """Say a comparison in words."""
    sides = [
        f"{title} {share:.1%}"
        for title, share in zip(row["titles"], row["accuracy"], strict=True)
    ]
    protocol = f"{row['protocol'][0].upper()}{row['protocol'][1:]}"
    gap = 100 * row["difference"]
    seeds = " and ".join(map(str, row["seeds"]))
    text = f"{protocol}: {sides[0]}, {sides[1]}: {signed(gap)} points"
    if row["interval"]:
        low, high = (signed(100 * end) for end in row["interval"])
        text += f" (95% interval {low} to {high}; {seeds} seeds)"
        text += ", not significant." if row["outcome"] == "not significant" else "."
    else:
        by_epoch = " and ".join(f"{100 * one:.1f}" for one in row["scatter"])
        text += (
            f", not tested ({seeds} seeds). Over the last {SCATTER_EPOCHS} epochs their validation "
            f"accuracies scatter by {by_epoch} points (standard deviation)."
        )
    learning = [
        title.split(",")[0] + ")"
        for title, still in zip(row["titles"], row["still_learning"], strict=True)
        if still
    ]
    if learning:
        names = " and ".join(dict.fromkeys(learning))
        text += (
            f" Not converged, as validation loss is lowest in the last epoch: {names}."
        )
    return text


def signed(value: float) -> str:
    """Write points with their sign, and a true minus.

    >>> signed(-1.25)
    '−1.2'
    """
    return f"{value:+.1f}".replace("-", "−")
