"""The comparisons behind the paper's claims: which numbers of which variants."""

from collections.abc import Mapping
from functools import partial

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import paper
from fer_transfer.results.evidence import Evidence, margin_of_error, seed_margin
from fer_transfer.results.verdicts import Check, ValuesOf, compare, compare_variants

PRETRAINED = "pretrained"
RECOGNISED = ("happy", "angry", "fear", "surprise")
# Accuracies that differ by less we call comparable; the paper draws no line.
COMPARABLE = 0.05


def val_accuracy(evidence: Evidence, epoch: str) -> ValuesOf:
    """Return how to look up the validation accuracy of the `initial` or `final` epoch."""
    return lambda variant: evidence.values(epoch, variant, "val_accuracy")


def val_margin(evidence: Evidence) -> float:
    return margin_of_error(evidence.num_val, evidence.num_val)


def accuracy_margin(evidence: Evidence, epoch: str, left: str, right: str) -> float:
    """Return by how much validation accuracies must differ: over seeds, or by images."""
    values_of = val_accuracy(evidence, epoch)
    by_seeds = seed_margin(values_of(left), values_of(right))
    return val_margin(evidence) if by_seeds is None else by_seeds


def pairs(
    evidence: Evidence, values_of: ValuesOf, margin: float = 0, swap: bool = False
) -> list[Check]:
    """Check that pretrained has more than random (or the reverse), backbone by backbone."""
    checks = []
    for backbone, title in paper.TITLES.items():
        keys = (backbone, PRETRAINED), (backbone, "random")
        keys = keys[::-1] if swap else keys
        checks.append(compare_variants(evidence, title, keys, values_of, margin))
    return checks


def better(evidence: Evidence) -> list[Check]:
    return pairs(evidence, val_accuracy(evidence, "final"), val_margin(evidence))


def rates_of_pairs(
    table: str, epochs: tuple[int, int], swap: bool, evidence: Evidence
) -> list[Check]:
    def values_of(variant: str) -> list[float]:
        return evidence.rates(table, variant, *epochs)

    return pairs(evidence, values_of, swap=swap)


def overfits(evidence: Evidence) -> list[Check]:
    return pairs(evidence, partial(evidence.rates_over_all_epochs, paper.ACCURACY_MOFR))


def best(epoch: str, evidence: Evidence) -> list[Check]:
    """Check VGG-Face pretrained against every other variant of the paper."""
    mine = ("vggface", PRETRAINED)
    everyone = [
        (name, how) for name in paper.BACKBONES for how in (PRETRAINED, "random")
    ]
    values_of = val_accuracy(evidence, epoch)
    margin = val_margin(evidence)
    return [
        compare_variants(evidence, "-".join(other), (mine, other), values_of, margin)
        for other in everyone
        if other != mine
    ]


def slowest(evidence: Evidence) -> list[Check]:
    """Check that every other pretrained network converges faster than VGG-Face."""
    values_of = partial(evidence.rates_over_all_epochs, paper.ACCURACY_MCR)
    return [
        compare_variants(
            evidence, title, ((name, PRETRAINED), ("vggface", PRETRAINED)), values_of
        )
        for name, title in paper.TITLES.items()
        if name != "vggface"
    ]


def highest_rate(table: str, evidence: Evidence) -> list[Check]:
    """Check OpenFace's rate in epochs 1-5 against every other pretrained network's."""

    def values_of(variant: str) -> list[float]:
        return evidence.rates(table, variant, 1, 5)

    return [
        compare_variants(
            evidence, title, (("openface", PRETRAINED), (name, PRETRAINED)), values_of
        )
        for name, title in paper.TITLES.items()
        if name != "openface"
    ]


def comparable(evidence: Evidence) -> list[Check]:
    """Check that the accuracies of OpenFace and ResNet-50 lie within COMPARABLE."""
    keys = ("openface", PRETRAINED), ("resnet50", PRETRAINED)
    values_of = val_accuracy(evidence, "final")
    check = compare_variants(evidence, "validation accuracy", keys, values_of)
    not_compared = check.holds is None and check.margin is None
    if not_compared or check.left is None or check.right is None:
        return [check]
    names = (evidence.names[key] for key in keys)
    margin = accuracy_margin(evidence, "final", *names)
    distance = abs(check.left - check.right)
    outcome = compare(check.what, [COMPARABLE], [distance], margin)
    return [outcome._replace(left=check.left, right=check.right)]


def below(evidence: Evidence) -> list[Check]:
    keys = ("openface", PRETRAINED), ("mobilenet", PRETRAINED)
    values_of = val_accuracy(evidence, "final")
    what = "validation accuracy"
    return [compare_variants(evidence, what, keys, values_of, val_margin(evidence))]


def lighter(evidence: Evidence) -> list[Check]:
    """Check that OpenFace has fewer parameters than ResNet-50 and takes less time."""

    def known(values: Mapping[str, float], backbone: str) -> list[float]:
        return [values[backbone]] if backbone in values else []

    return [
        compare(what, known(values, "resnet50"), known(values, "openface"))
        for what, values in (
            ("parameters", evidence.parameters),
            ("milliseconds per image", evidence.milliseconds),
        )
    ]


def faces_over_imagenet(evidence: Evidence) -> list[Check]:
    return [
        compare_variants(
            evidence,
            f"{paper.TITLES[face]} against {paper.TITLES[imagenet]}",
            ((face, PRETRAINED), (imagenet, PRETRAINED)),
            val_accuracy(evidence, "final"),
            val_margin(evidence),
        )
        for face in paper.FACES
        for imagenet in paper.IMAGENET
    ]


def recognised_best(evidence: Evidence) -> list[Check]:
    """Check that the worst of the four emotions is above the best of the other three."""
    return [_parted(evidence, name, RECOGNISED) for name in paper.BACKBONES]


def disgust_worst(evidence: Evidence) -> list[Check]:
    """Check that every other emotion is recognised better than disgust."""
    others = ("angry", "fear", "happy", "sad", "surprise", "neutral")
    return [_parted(evidence, name, others) for name in paper.BACKBONES]


def _parted(evidence: Evidence, backbone: str, upper: tuple[str, ...]) -> Check:
    """Check that a pretrained network's recall of `upper` lies above that of the rest."""
    key = (backbone, PRETRAINED)
    title = paper.TITLES[backbone]
    variant = evidence.names.get(key, "")
    if variant not in evidence.usable():
        return compare_variants(evidence, title, (key, key), lambda _: [])
    recall = {
        emotion: evidence.mean("recall", variant, emotion) for emotion in EMOTIONS
    }
    known = {emotion: value for emotion, value in recall.items() if value is not None}
    if len(known) < len(EMOTIONS):
        return compare(title, [], [])
    low = min(upper, key=lambda emotion: known[emotion])
    high = max((e for e in EMOTIONS if e not in upper), key=lambda e: known[e])
    margin = margin_of_error(evidence.num_test[low], evidence.num_test[high])
    what = f"{title}: {low}, {high}"
    least = evidence.values("recall", variant, low)
    return compare(what, least, evidence.values("recall", variant, high), margin)
