"""The numbers that the paper's claims are about: those of a study's runs, and the paper's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import paper
from fer_transfer.results.compare import Sample
from fer_transfer.results.protocols import Group, Protocol, of_protocol
from fer_transfer.results.study import Study

# Columns of Tables 2-5, by their headings.
PERIODS = {
    "first": ("1-5",),
    "early": ("1-5", "6-10"),
    "late": ("16-20",),
    "all": tuple(paper.WINDOWS),
}
RATE_WORDS = {"MCR": paper.ACCURACY_MCR, "MOFR": paper.ACCURACY_MOFR}
KNOWN = ("parameters", "milliseconds")  # of a backbone, whatever ran
RECALL = "recall of "
UPPER = (  # classes whose least recall is compared with the most of the others
    ("happy", "angry", "fear", "surprise"),
    ("happy", "angry", "fear", "surprise", "sad", "neutral"),
)
NETWORKS = tuple(product(paper.BACKBONES, ("pretrained", "random")))
TIMING_ERROR = 0.1  # share of a time by which it may differ when measured again: ours

Network = tuple[str, str]  # backbone and weights
Key = tuple[str, str, str]  # what is asked, backbone and weights


@dataclass(frozen=True)
class Evidence:
    """What is known of each network, and why the rest is not."""

    samples: Mapping[Key, Sample]
    absent: Mapping[Network, str] = field(default_factory=dict)  # why
    uninformative: frozenset[Network] = frozenset()


def of_the_paper(published: paper.Published) -> Evidence:
    """Return what the paper's own tables say, with the digits to which they are printed."""
    samples = {}
    for (word, table), (name, period) in product(RATE_WORDS.items(), PERIODS.items()):
        for backbone, weights in NETWORKS:
            row = published[table][f"{backbone}-{weights}"]
            halves = {key: paper.resolution(row[key]) / 2 for key in period}
            rate = mean_rate(row, period, paper.WINDOWS)
            rounding = mean_rate(halves, period, paper.WINDOWS)
            samples[f"{word} {name}", backbone, weights] = Sample(
                f"{backbone}-{weights}", (rate,), rounding=rounding
            )
    return Evidence(samples)


def mean_rate(
    row: Mapping[str, float],
    period: tuple[str, ...],
    spans: Mapping[str, tuple[int, int]],
) -> float:
    """Return a rate over several columns, each weighed by the epochs that it spans.

    >>> spans = {"1-5": (1, 6), "16-20": (16, 19)}
    >>> mean_rate({"1-5": 0.1, "16-20": 0.18}, ("1-5", "16-20"), spans)
    0.13
    """
    weights = [spans[key][1] - spans[key][0] for key in period]
    return float(np.average([row[key] for key in period], weights=weights))


def of_study(study: Study, protocol: Protocol, shown: Mapping[str, Group]) -> Evidence:
    """Return the numbers of one protocol; `shown` are all groups of params.yaml."""
    named = {
        (group.backbone, group.weights): name
        for name, group in of_protocol(shown, protocol).items()
    }
    samples: dict[Key, Sample] = {}
    for network, name in named.items():
        if name in study.ran:
            numbers = samples_of(study, name)
            samples |= {(key, *network): sample for key, sample in numbers.items()}
    for name, group in shown.items():
        for key, sample in known_of(study, name, group.backbone).items():
            samples[key, group.backbone, "pretrained"] = sample
    return Evidence(
        samples,
        {
            network: f"no results of {named.get(network, '-'.join(network))}"
            for network in NETWORKS
            if named.get(network) not in study.ran
        },
        frozenset(key for key, name in named.items() if name in study.uninformative),
    )


def samples_of(study: Study, name: str) -> dict[str, Sample]:
    """Return the accuracies, rates and recalls of one group, of each of its runs."""
    group = study.ran[name]
    mine = study.runs[study.runs["group"] == name]
    keys = ["metric", "set", "class", "first", "last"]
    values = mine.groupby(keys)["value"].apply(tuple).to_dict()
    num_val = len(study.data.splits[group.protocol.split].val)

    def val_variance(*epochs: int) -> float:
        shares = [np.mean(values["accuracy", "val", "", one, one]) for one in epochs]
        return variance_of(shares, num_val)

    initial = values["accuracy", "val", "", 1, 1]
    samples = {"initial": Sample(name, initial, variance=val_variance(1))}
    spans = paper.spans(study.windows)
    for (word, table), (when, period) in product(RATE_WORDS.items(), PERIODS.items()):
        title = paper.TABLES[table].title
        columns = [values.get((title, "train", "", *spans[key]), ()) for key in period]
        # A run that stopped early has not all windows.
        if any(len(column) < len(group.runs) for column in columns):
            continue
        seeds = (
            dict(zip(period, row, strict=True)) for row in zip(*columns, strict=True)
        )
        rates = tuple(mean_rate(row, period, spans) for row in seeds)
        first, last = spans[period[0]][0], spans[period[-1]][1]
        # Training accuracy is of the very images that it is about; validation's scatter.
        images = val_variance(first, last) / (last - first) ** 2
        variance = images if word == "MOFR" else 0.0
        samples[f"{word} {when}"] = Sample(name, rates, variance=variance)
    return samples | accuracy_samples(study, name)


def accuracy_samples(study: Study, name: str) -> dict[str, Sample]:
    """Return a group's accuracy and recalls on the test images without a duplicate in train."""
    group = study.ran[name]
    hits = hits_of(study, name)
    if not hits.size:
        return {}
    accuracy = tuple(hits.mean(axis=1).tolist())
    samples = {"final": Sample(name, accuracy, hits.mean(axis=0))}
    labels = study.data.labels[study.data.fresh(group.protocol.split)]
    if study.data.classes != EMOTIONS or len(np.unique(labels)) < len(EMOTIONS):
        return samples
    recalls = {
        emotion: tuple(hits[:, labels == code].mean(axis=1).tolist())
        for code, emotion in enumerate(EMOTIONS)
    }
    numbers = np.bincount(labels)
    for upper in UPPER:
        low = min(upper, key=lambda one: np.mean(recalls[one]))
        rest = [emotion for emotion in EMOTIONS if emotion not in upper]
        high = max(rest, key=lambda one: np.mean(recalls[one]))
        for side, emotion in (("least", low), ("most", high)):
            images = numbers[EMOTIONS.index(emotion)]
            variance = variance_of([np.mean(recalls[emotion])], images)
            samples[f"{side} {RECALL}{', '.join(upper)}"] = Sample(
                name, recalls[emotion], variance=variance, label=emotion
            )
    return samples


def hits_of(study: Study, name: str) -> np.ndarray:
    """Tell of each deduplicated test image whether each run recognises it, (runs, n) bool."""
    group = study.ran[name]
    sets = study.data.splits[group.protocol.split]
    labels = study.data.labels[sets.test]
    return np.array(
        [
            (study.results[run].predicted == labels)[~sets.has_duplicate]
            for run in group.runs
        ]
    )


def known_of(study: Study, name: str, backbone: str) -> dict[str, Sample]:
    """Return what is simply known of a group's backbone: its parameters and its time."""
    known = {}
    if name in study.measured:
        number = study.measured[name]["parameters"]["backbone"]
        known["parameters"] = Sample(backbone, (number,), rounding=0.5)
    if backbone in study.costs:
        time = study.costs[backbone]
        known["milliseconds"] = Sample(
            backbone, (time,), rounding=time * TIMING_ERROR / 2
        )
    return known


def variance_of(shares: list[Any], images: int) -> float:
    """Return the variance over images of a difference of shares, taken as independent.

    >>> round(variance_of([0.5], 100), 4)
    0.0025
    """
    return float(sum(share * (1 - share) for share in shares) / max(images, 1))
