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
    FACES_OR_IMAGENET: ("pretrained on faces", "pretrained on ImageNet"),
    PRETRAINING: ("with pretrained weights", "with random weights"),
}
# Named beside a recipe: what a run learned from, how much, and which epoch is scored.
LABEL_SETTINGS = "labels", "train_share", "train_per_class", "early_stopping"
COUNTED_CLASSES = 7  # of the head whose weights the features stage counts
SCATTER_EPOCHS = 10  # of the end, over which a run's validation accuracy scatters


def find(
    study: Study, published: paper.Published
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answer, and each claim with its verdict by our runs and by the paper's tables.

    Ours are those of the paper's protocol. All differences are tested as one family.
    """
    sources = {
        "ours": evidence.of_study(study),
        "paper": evidence.of_the_paper(published),
    }
    checks = {
        (claim.key, name): claims.check(claim, source)
        for claim in claims.CLAIMS
        for name, source in sources.items()
    }
    comparisons = compare_all(study)
    tests = correct([*comparisons, *chain(*checks.values())])
    judged = [
        vars(claim)
        | {name: claims.judge(claim, checks[claim.key, name]) for name in sources}
        for claim in claims.CLAIMS
    ]
    headlines = {question: headline(question, comparisons) for question in BETTER}
    return {"tests": tests, "comparisons": comparisons, "headlines": headlines}, judged


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

    Groups whose split validates on its test images are left out. If both groups were also scored
    at their best epoch, only that comparison is kept.

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
    rows, listed = [], pairs({name: study.ran[name] for name in samples})
    for question, left, right in listed:
        kept = question, best.get(left), best.get(right)
        if {left, right} <= superseded and kept in listed:
            continue
        sides = [describe(study, name) for name in (left, right)]
        rows.append(
            {
                "question": question,
                "protocol": conditions(study, left, right),
                "groups": [left, right],
                **compare(samples[left], samples[right]),
                **{key: [side[key] for side in sides] for key in sides[0]},
            }
        )
    return rows


def conditions(study: Study, left: str, right: str) -> str:
    """Say what two groups have in common; a long recipe by the first group that has it."""
    protocol = study.ran[left].protocol.conditions
    if ("augment", True) not in protocol.recipe:
        return protocol.label
    alike = (key for key in study.ran if study.ran[key].protocol.conditions == protocol)
    others = (key for key, _ in protocol.recipe if key not in LABEL_SETTINGS)
    shortened = protocol.without(*others)
    runs, usual = study.settings.runs, study.settings.train.learning_rate
    rates = (str(runs[name].learning_rate or usual) for name in (left, right))
    rate = " and ".join(dict.fromkeys(rates))
    return f"{shortened.label}, recipe of {next(alike)} (learning rate {rate})"


def describe(study: Study, name: str) -> dict[str, Any]:
    """Describe a group beside its accuracy.

    Returns:
        seeds: how many runs it has. trainable: how many weights train, the heads' among them.
        scatter: the standard deviation of validation accuracy over the last ten epochs, of
        several runs the largest; it says how far the score of one epoch can be trusted.
        still_learning: whether the last epoch has the lowest validation loss of every run, at a
        learning rate that does not fall to zero.
    """
    histories = study.histories(name)
    ends = [history["val_accuracy"].tail(SCATTER_EPOCHS) for history in histories]
    return {
        "seeds": len(histories),
        # DVC removes what was measured while `features` runs again.
        "trainable": trainable(study, name) if name in study.measured else None,
        # Of a single epoch nothing scatters.
        "scatter": max(np.std(end, ddof=min(1, len(end) - 1)) for end in ends),
        "still_learning": study.settings.runs[name].schedule != "cosine"
        and all(
            history["val_loss"].idxmin() == len(history) - 1 > 0
            for history in histories
        ),
    }


def trainable(study: Study, name: str) -> int:
    """Return how many weights of a run train."""
    group, learned = study.ran[name], study.settings.runs[name].labels
    outputs = 0 if learned == "ferplus" else len(study.data.classes)
    if learned in ("both", "ferplus"):
        votes = study.results[group.runs[0]].test["votes"]
        outputs += len(votes["test"]["recall"])
    of_output = BACKBONES[group.backbone].features + 1
    counted: int = study.measured[name]["parameters"]["trainable"]
    return counted + of_output * (outputs - COUNTED_CLASSES)


def headline(question: str, rows: list[Comparison]) -> str:
    """Say in a sentence what the comparisons of a question have in common."""
    asked = [row for row in rows if row["question"] == question]
    tested = [row for row in asked if row["interval"]]
    if not asked:
        return "No two groups of runs can be compared yet."
    outcomes = Counter(row["outcome"] for row in tested)
    if not outcomes:
        return "No comparison has three seeds on each side yet, so none is tested."
    left, right = BETTER[question]
    words = {
        "more": f"the network {left} is more accurate",
        "less": f"the network {right} is more accurate",
        "not significant": "no significant difference",
    }
    parts = [f"{words[key]} in {outcomes[key]}" for key in words if key in outcomes]
    total = outcomes.total()
    compared = f"{total} comparison{'s' if total > 1 else ''}"
    return f"Of {compared} with three seeds on each side: {', '.join(parts)}."
