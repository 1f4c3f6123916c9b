"""The answer: faces or ImageNet, and what pretraining is worth, with its uncertainty.

Accuracies are those on the test images without an exact duplicate in train. Every network
pretrained on faces is compared with every one pretrained on ImageNet under the same protocol, so
nothing is chosen by a score.
"""

from collections.abc import Mapping
from itertools import permutations
from typing import Any

from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.compare import Comparison, Sample, compare
from fer_transfer.results.evidence import accuracy_samples
from fer_transfer.results.protocols import Group
from fer_transfer.results.study import Study
from fer_transfer.results.table import select

FACES_OR_IMAGENET, PRETRAINING = "faces or ImageNet", "pretraining"
SIDES = {
    FACES_OR_IMAGENET: ("pretraining on faces is", "pretraining on ImageNet is"),
    PRETRAINING: ("pretrained weights are", "random weights are"),
}
SCATTER_EPOCHS = 10  # of the end, over which a run's validation accuracy scatters


def pairs(groups: Mapping[str, Group]) -> list[tuple[str, str, str]]:
    """List the question, the left and the right group of every comparison."""
    asked = [
        (question_of(groups[left], groups[right]), left, right)
        for left, right in permutations(groups, 2)
    ]
    return [pair for question in SIDES for pair in asked if pair[0] == question]


def question_of(left: Group, right: Group) -> str:
    """Name the question that two groups bear on; "" if they bear on none."""
    weights = left.weights, right.weights
    learned = BACKBONES[left.backbone].learned, BACKBONES[right.backbone].learned
    if weights == ("pretrained", "pretrained") and learned == ("faces", "ImageNet"):
        alike = left.protocol.conditions == right.protocol.conditions
        return FACES_OR_IMAGENET if alike else ""
    if weights == ("pretrained", "random") and left.backbone == right.backbone:
        return PRETRAINING if left.protocol == right.protocol else ""
    return ""


def compare_all(study: Study) -> list[Comparison]:
    """Compare both questions' groups, of those that ran on informative features.

    A split whose validation images are its test images has no part in it.

    Returns:
        A row per comparison: the accuracies, the weights that train and the seeds on either side,
        what `compare` returns, and the scatter of the last ten epochs.
    """
    samples: dict[str, Sample] = {}
    for name, group in study.ran.items():
        split = study.data.splits[group.protocol.split]
        if name not in study.uninformative and not split.validates_on_test:
            numbers = accuracy_samples(study, name)
            if "final" in numbers:
                samples[name] = numbers["final"]
    compared = pairs({name: study.ran[name] for name in samples})
    return [
        describe_pair(study, question, samples[left], samples[right])
        for question, left, right in compared
    ]


def describe_pair(
    study: Study, question: str, left: Sample, right: Sample
) -> Comparison:
    """Return a comparison as it stands in the metrics."""
    names = left.group, right.group
    return {
        "question": question,
        "protocol": study.ran[left.group].protocol.conditions.label,
        "groups": list(names),
        "titles": [describe_side(study, question, name) for name in names],
        "seeds": [len(study.ran[name].runs) for name in names],
        "trainable": [trainable(study, name) for name in names],
        "accuracy": [left.mean, right.mean],
        **compare(left, right),
        "scatter": [scatter(study, name) for name in names],
        "still_learning": [is_still_learning(study, name) for name in names],
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


def scatter(study: Study, name: str) -> float:
    """Return the standard deviation of validation accuracy over the last ten epochs.

    Of several runs the largest. It says how far the score of one epoch can be trusted.
    """
    rows = select(study.runs, group=name, metric="accuracy", set="val")
    ends = rows.groupby("run").tail(SCATTER_EPOCHS).groupby("run")["value"]
    return float(ends.std().fillna(0).max())


def is_still_learning(study: Study, name: str) -> bool:
    """Tell whether the last epoch has the lowest validation loss of every run: not converged."""
    rows = select(study.runs, group=name, metric="loss", set="val")
    runs = rows.set_index("first").groupby("run")["value"]
    return bool(rows["first"].max() > 1 and (runs.idxmin() == runs.size()).all())


def answer(comparisons: list[Comparison], tests: int) -> dict[str, Any]:
    """Return the answer as it stands in the metrics.

    Args:
        comparisons: What `compare_all` returns, with p corrected.
        tests: For how many comparisons it is corrected.
    """
    sentences = {}
    for question in SIDES:
        rows = [row for row in comparisons if row["question"] == question]
        sentences[question] = [headline(question, rows), *map(sentence, rows)]
    return {"tests": tests, "comparisons": comparisons, "sentences": sentences}


def headline(question: str, rows: list[Comparison]) -> str:
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


def sentence(row: Comparison) -> str:
    """Say a comparison in words."""
    left, right = (
        f"{title} {share:.1%}"
        for title, share in zip(row["titles"], row["accuracy"], strict=True)
    )
    protocol = f"{row['protocol'][0].upper()}{row['protocol'][1:]}"
    seeds = "{} and {} seeds".format(*row["seeds"])
    text = f"{protocol}: {left}, {right}: {points(row['difference'])} points"
    if row["interval"]:
        low, high = map(points, row["interval"])
        text += f" (95% interval {low} to {high}; {seeds})"
        text += ", not significant." if row["outcome"] == "not significant" else "."
    else:
        by_epoch = " and ".join(f"{100 * value:.1f}" for value in row["scatter"])
        text += (
            f", not tested ({seeds}). Over the last {SCATTER_EPOCHS} epochs their validation "
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


def points(share: float) -> str:
    """Write a share in points with their sign, and a true minus.

    >>> points(-0.0125)
    '−1.2'
    """
    return f"{100 * share:+.1f}".replace("-", "−")
