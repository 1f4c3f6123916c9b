"""The numbers that the paper's claims are about: those of a study's runs, and the paper's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from operator import attrgetter
from typing import Any

import numpy as np

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import paper, protocols
from fer_transfer.results.compare import SEPARATOR, Sample
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
# Classes whose lowest recall is compared with the highest of the others.
BEST_FOUR = ("happy", "angry", "fear", "surprise")
CLAIMED_BEST = (BEST_FOUR, (*BEST_FOUR, "sad", "neutral"))
NETWORKS = [*map("-".join, product(paper.BACKBONES, ("pretrained", "random")))]
LEFT_OUT = "left out: uninformative features"  # shown, but not in a verdict
TIMING_ERROR = 0.1  # share of a time by which it may differ when measured again: ours

Key = tuple[str, str]  # what is asked, and the network: backbone and weights


@dataclass(frozen=True)
class Evidence:
    """What is known of each network, and why the rest is not."""

    samples: Mapping[Key, Sample]
    absent: Mapping[str, str] = field(default_factory=dict)  # why, by network

    def why_untested(self, *networks: str) -> str:
        """Say what keeps networks from being compared; "" if nothing does."""
        reasons = [self.absent[name] for name in networks if name in self.absent]
        missing = [why for why in reasons if why != LEFT_OUT]
        return SEPARATOR.join(dict.fromkeys(missing or reasons))


def of_the_paper(published: paper.Published) -> Evidence:
    """Return what the paper's own tables say, with the digits to which they are printed."""
    samples = {}
    for network, (word, table), (name, period) in product(
        NETWORKS, RATE_WORDS.items(), PERIODS.items()
    ):
        rates = [published[table][network][key] for key in period]
        halves = [paper.resolution(rate) / 2 for rate in rates]
        # The rate over several columns: each counts by the differences that it averages.
        windows = [paper.WINDOWS[key] for key in period]
        numbers = [last - first for first, last in windows]
        mean, rounding = np.average([rates, halves], axis=1, weights=numbers).tolist()
        samples[f"{word} {name}", network] = Sample(network, (mean,), rounding=rounding)
    return Evidence(samples)


def of_study(study: Study) -> Evidence:
    """Return the numbers of the paper's protocol."""
    samples, absent = known_of(study), {}
    of_paper = protocols.of_paper(study.settings)
    names = {group.network: name for name, group in of_paper.items()}
    for network in NETWORKS:
        name = names.get(network, "")  # none is listed
        if name not in study.ran:
            absent[network] = f"no results of {name or network}"
            continue
        numbers = samples_of(study, name)
        samples |= {(key, network): sample for key, sample in numbers.items()}
        if name in study.uninformative:
            absent[network] = LEFT_OUT
    return Evidence(samples, absent)


def samples_of(study: Study, name: str) -> dict[str, Sample]:
    """Return the accuracies, rates and recalls of one group, of each of its runs."""
    num_val = len(study.data.splits[study.ran[name].protocol.split]["val"])
    histories = study.histories(name)

    def val_accuracies(epoch: int) -> tuple[float, ...]:
        return tuple(history["val_accuracy"][epoch - 1] for history in histories)

    def val_variance(*epochs: int) -> float:
        shares = [np.mean(val_accuracies(epoch)) for epoch in epochs]
        return variance_of(shares, num_val)

    samples = {"initial": Sample(name, val_accuracies(1), variance=val_variance(1))}
    spans = paper.spans(study.settings.tables.windows)
    for (word, table), (when, period) in product(RATE_WORDS.items(), PERIODS.items()):
        # The windows adjoin, so their mean is the rate from the first to the last epoch.
        first, last = spans[period[0]][0], spans[period[-1]][1]
        if last > min(map(len, histories)):  # one stopped early
            continue
        rate_of = paper.TABLES[table].rate_of
        rates = [rate_of(history, first, last) for history in histories]
        # Training accuracy is of the very images that it is about; validation's scatter.
        over_images = val_variance(first, last) / (last - first) ** 2
        variance = over_images if word == "MOFR" else 0.0
        samples[f"{word} {when}"] = Sample(name, tuple(rates), variance=variance)
    if final := final_accuracy(study, name):
        samples |= {"final": final, **recall_samples(study, name)}
    return samples


def final_accuracy(study: Study, name: str) -> Sample | None:
    """Return a group's accuracy on the test images without a duplicate in train, if any is."""
    hits = hits_of(study, name)
    if not hits.size:
        return None
    return Sample(name, tuple(hits.mean(axis=1).tolist()), hits.mean(axis=0))


def recall_samples(study: Study, name: str) -> dict[str, Sample]:
    """Return the lowest and the highest recall of some emotions, on the same images as accuracy."""
    labels = study.data.labels[study.data.deduplicated(study.ran[name].protocol.split)]
    if study.data.classes != EMOTIONS or len(np.unique(labels)) < len(EMOTIONS):
        return {}
    hits = hits_of(study, name)
    recalls = []
    for code, emotion in enumerate(EMOTIONS):
        of_class = hits[:, labels == code]
        shares = tuple(of_class.mean(axis=1).tolist())
        variance = variance_of([np.mean(shares)], of_class.shape[1])
        recalls.append(Sample(name, shares, variance=variance, label=emotion))
    samples = {}
    for upper in CLAIMED_BEST:
        best = [sample for sample in recalls if sample.label in upper]
        rest = [sample for sample in recalls if sample.label not in upper]
        quantity = f"{RECALL}{', '.join(upper)}"
        samples[f"lowest {quantity}"] = min(best, key=attrgetter("mean"))
        samples[f"highest {quantity}"] = max(rest, key=attrgetter("mean"))
    return samples


def hits_of(study: Study, name: str) -> np.ndarray:
    """Tell whether each run recognises each deduplicated test image, (runs, n) bool."""
    group = study.ran[name]
    sets = study.data.splits[group.protocol.split]
    predicted = np.array([study.results[run].predicted for run in group.runs])
    hits = predicted == study.data.labels[sets["test"]]
    return np.asarray(hits[:, ~sets["test_has_duplicate"]])


def known_of(study: Study) -> dict[Key, Sample]:
    """Return what is simply known of each backbone: its parameters and its time."""
    samples = {}
    for run, measured in study.measured.items():
        backbone = study.settings.runs[run].backbone
        number = measured["parameters"]["backbone"]
        key = "parameters", f"{backbone}-pretrained"
        samples[key] = Sample(backbone, (number,), rounding=0.5)
    for backbone, time in study.costs.items():
        key = "milliseconds", f"{backbone}-pretrained"
        samples[key] = Sample(backbone, (time,), rounding=time * TIMING_ERROR / 2)
    return samples


def variance_of(shares: list[Any], images: int) -> float:
    """Return the variance over images of a difference of shares, taken as independent.

    >>> round(variance_of([0.5], 100), 4)
    0.0025
    """
    return float(sum(share * (1 - share) for share in shares) / max(images, 1))
