"""The answer: faces or ImageNet, and what pretraining is worth; and the verdicts on the claims.

Accuracies are those on the test images without an exact duplicate in train. Every network
pretrained on faces is compared with every one pretrained on ImageNet under the same protocol, so
nothing is chosen by a score.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import chain, permutations
from typing import Any

import numpy as np

from fer_transfer.results import claims, evidence, paper, protocols
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.compare import Comparison, compare, correct
from fer_transfer.results.study import Study

FACES_OR_IMAGENET, PRETRAINING = "faces or ImageNet", "pretraining"
BETTER = {
    FACES_OR_IMAGENET: ("pretraining on faces is", "pretraining on ImageNet is"),
    PRETRAINING: ("pretrained weights are", "random weights are"),
}
SCATTER_EPOCHS = 10  # of the end, over which a run's validation accuracy scatters


def find(
    study: Study, published: paper.Published
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answer, and each claim with its verdict by every source of numbers.

    All their differences are tested as one family. The sources are our runs by the paper's
    protocol, those with every layer training if there are any, and the paper's own tables.
    """
    listed = protocols.groups(study.settings)
    last_four = protocols.paper_protocol(study.settings)
    every_layer = last_four._replace(trainable_layers="all")
    sources = {
        "ours": evidence.of_study(study, last_four, listed),
        "every_layer": evidence.of_study(study, every_layer, listed)
        if protocols.of_protocol(study.ran, every_layer)
        else None,
        "paper": evidence.of_the_paper(published),
    }
    checks = {
        (claim.key, name): claims.check(claim, source)
        for claim in claims.CLAIMS
        for name, source in sources.items()
        if source
    }
    comparisons = compare_all(study)
    tests = correct([*comparisons, *chain(*checks.values())])
    judged = [
        vars(claim)
        | {
            name: claims.judge(claim, checks[claim.key, name]) if source else None
            for name, source in sources.items()
        }
        for claim in claims.CLAIMS
    ]
    headlines = {question: headline(question, comparisons) for question in BETTER}
    answer = {"tests": tests, "comparisons": comparisons, "headlines": headlines}
    return answer, judged


def pairs(ran: Mapping[str, protocols.Group]) -> list[tuple[str, str, str]]:
    """List the question, the left and the right group of every comparison."""
    asked = [
        (question_of(ran[left], ran[right]), left, right)
        for left, right in permutations(ran, 2)
    ]
    return [pair for question in BETTER for pair in asked if pair[0] == question]


def question_of(left: protocols.Group, right: protocols.Group) -> str:
    """Name the question that two groups bear on; "" if they bear on none."""
    weights = left.weights, right.weights
    learned = tuple(BACKBONES[side.backbone].pretrained_on for side in (left, right))
    if weights == ("pretrained", "pretrained") and learned == ("faces", "ImageNet"):
        alike = left.protocol.conditions == right.protocol.conditions
        return FACES_OR_IMAGENET if alike else ""
    if weights == ("pretrained", "random") and left.backbone == right.backbone:
        return PRETRAINING if left.protocol == right.protocol else ""
    return ""


def compare_all(study: Study) -> list[Comparison]:
    """Compare both questions' groups, of those that ran on informative features.

    A split whose validation images are its test images has no part in it. Where the same
    trainings of both are scored at their best epoch too, that counts, and not the last.

    Returns:
        A row per comparison: what `compare` returns, and of either side the group, its seeds, the
        weights that train, its scatter and whether it is still learning.
    """
    samples = {
        name: sample
        for name, group in study.ran.items()
        if name not in study.uninformative
        and not study.data.validates_on_test(group.protocol.split)
        and (sample := evidence.final_accuracy(study, name))
    }
    best = protocols.at_best_epoch(study.ran)
    superseded = {
        name
        for name, sample in samples.items()
        if (at_best := samples.get(best.get(name, "")))
        and len(at_best.values) >= len(sample.values)
    }
    rows = []
    for question, left, right in pairs({name: study.ran[name] for name in samples}):
        if {left, right} <= superseded:
            continue
        sides = [describe(study, name) for name in (left, right)]
        rows.append(
            {
                "question": question,
                "protocol": study.ran[left].protocol.conditions.label,
                "groups": [left, right],
                **compare(samples[left], samples[right]),
                **{key: [side[key] for side in sides] for key in sides[0]},
            }
        )
    return rows


def describe(study: Study, name: str) -> dict[str, Any]:
    """Describe a group beside its accuracy.

    Returns:
        seeds: how many runs it has. trainable: how many weights train, the head's among them.
        scatter: the standard deviation of validation accuracy over the last ten epochs, of
        several runs the largest; it says how far the score of one epoch can be trusted.
        still_learning: whether the last epoch has the lowest validation loss of every run.
    """
    histories = study.histories(name)
    ends = [history["val_accuracy"].tail(SCATTER_EPOCHS) for history in histories]
    return {
        "seeds": len(histories),
        "trainable": int(study.measured[name]["parameters"]["trainable"]),
        # Of a single epoch nothing scatters.
        "scatter": max(np.std(end, ddof=min(1, len(end) - 1)) for end in ends),
        "still_learning": all(
            history["val_loss"].idxmin() == len(history) - 1 > 0
            for history in histories
        ),
    }


def headline(question: str, rows: list[Comparison]) -> str:
    """Say in a sentence what the comparisons of a question have in common."""
    outcomes = Counter(
        row["outcome"]
        for row in rows
        if row["question"] == question and row["interval"]
    )
    if not outcomes:
        return "No comparison has three seeds on each side yet, so none is tested."
    left, right = BETTER[question]
    words = {
        "more": f"{left} more accurate",
        "less": f"{right} more accurate",
        "not significant": "no significant difference",
    }
    counts = [
        f"{words[outcome]} in {outcomes[outcome]}"
        for outcome in words
        if outcome in outcomes
    ]
    total = outcomes.total()
    compared = f"{total} comparison{'s' if total > 1 else ''}"
    return f"Of {compared} with three seeds on each side: {', '.join(counts)}."
