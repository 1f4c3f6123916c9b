"""The comparisons behind the paper's claims: which numbers of which variants."""

from functools import partial

from stages.lib.page.style import BACKBONES
from stages.lib.results.evidence import Evidence, margin_of_error
from stages.lib.results.verdicts import Check, ValueOf, compare, compare_variants

PRETRAINED = "pretrained"
FACES = ("openface", "vggface")
IMAGENET = ("mobilenet", "resnet50")
RECOGNISED = ("happy", "angry", "fear", "surprise")
# Accuracies that differ by less we call comparable; the paper draws no line.
COMPARABLE = 0.05

ACCURACY_MCR, ACCURACY_MOFR = "table2", "table4"


def val_accuracy(evidence: Evidence, epoch: str) -> ValueOf:
    """Return how to look up the validation accuracy of the `initial` or `final` epoch."""
    table = {"initial": evidence.initial, "final": evidence.final}[epoch]
    return lambda variant: table.get(variant, {}).get("val_accuracy")


def pairs(
    evidence: Evidence, value_of: ValueOf, margin: float = 0, swap: bool = False
) -> list[Check]:
    """Check that pretrained has more than random (or the reverse), backbone by backbone."""
    checks = []
    for backbone, title in BACKBONES.items():
        keys = (backbone, PRETRAINED), (backbone, "random")
        keys = keys[::-1] if swap else keys
        checks.append(compare_variants(evidence, title, keys, value_of, margin))
    return checks


def better(evidence: Evidence) -> list[Check]:
    value_of = val_accuracy(evidence, "final")
    return pairs(
        evidence, value_of, margin_of_error(evidence.num_val, evidence.num_val)
    )


def rates_of_pairs(
    table: str, epochs: tuple[int, int], swap: bool, evidence: Evidence
) -> list[Check]:
    def value_of(variant: str) -> float | None:
        return evidence.rate(table, variant, *epochs)

    return pairs(evidence, value_of, swap=swap)


def overfits(evidence: Evidence) -> list[Check]:
    return pairs(evidence, partial(evidence.rate_over_all_epochs, ACCURACY_MOFR))


def best(epoch: str, evidence: Evidence) -> list[Check]:
    """Check VGG-Face pretrained against every other variant of the paper."""
    mine = ("vggface", PRETRAINED)
    everyone = [(name, how) for name in BACKBONES for how in (PRETRAINED, "random")]
    value_of = val_accuracy(evidence, epoch)
    margin = margin_of_error(evidence.num_val, evidence.num_val)
    return [
        compare_variants(evidence, "-".join(other), (mine, other), value_of, margin)
        for other in everyone
        if other != mine
    ]


def slowest(evidence: Evidence) -> list[Check]:
    """Check that every other pretrained network converges faster than VGG-Face."""
    value_of = partial(evidence.rate_over_all_epochs, ACCURACY_MCR)
    return [
        compare_variants(
            evidence, title, ((name, PRETRAINED), ("vggface", PRETRAINED)), value_of
        )
        for name, title in BACKBONES.items()
        if name != "vggface"
    ]


def highest_rate(table: str, evidence: Evidence) -> list[Check]:
    """Check OpenFace's rate in epochs 1-5 against every other pretrained network's."""

    def value_of(variant: str) -> float | None:
        return evidence.rate(table, variant, 1, 5)

    return [
        compare_variants(
            evidence, title, (("openface", PRETRAINED), (name, PRETRAINED)), value_of
        )
        for name, title in BACKBONES.items()
        if name != "openface"
    ]


def comparable(evidence: Evidence) -> list[Check]:
    """Check that the accuracies of OpenFace and ResNet-50 lie within COMPARABLE."""
    keys = ("openface", PRETRAINED), ("resnet50", PRETRAINED)
    value_of = val_accuracy(evidence, "final")
    check = compare_variants(evidence, "validation accuracy", keys, value_of)
    if check.left is None or check.right is None or not check.counts:
        return [check]
    distance = abs(check.left - check.right)
    margin = margin_of_error(evidence.num_val, evidence.num_val)
    outcome = compare(check.what, COMPARABLE, distance, margin)
    return [outcome._replace(left=check.left, right=check.right)]


def below(evidence: Evidence) -> list[Check]:
    keys = ("openface", PRETRAINED), ("mobilenet", PRETRAINED)
    value_of = val_accuracy(evidence, "final")
    margin = margin_of_error(evidence.num_val, evidence.num_val)
    what = "validation accuracy"
    return [compare_variants(evidence, what, keys, value_of, margin)]


def lighter(evidence: Evidence) -> list[Check]:
    """Check that OpenFace has fewer parameters than ResNet-50 and takes less time."""
    return [
        compare(what, values.get("resnet50"), values.get("openface"))
        for what, values in (
            ("parameters", evidence.parameters),
            ("milliseconds an image", evidence.milliseconds),
        )
    ]


def faces_over_imagenet(evidence: Evidence) -> list[Check]:
    value_of = val_accuracy(evidence, "final")
    margin = margin_of_error(evidence.num_val, evidence.num_val)
    return [
        compare_variants(
            evidence,
            f"{BACKBONES[face]} against {BACKBONES[imagenet]}",
            ((face, PRETRAINED), (imagenet, PRETRAINED)),
            value_of,
            margin,
        )
        for face in FACES
        for imagenet in IMAGENET
    ]


def recognised_best(evidence: Evidence) -> list[Check]:
    """Check that the worst of the four emotions is above the best of the other three."""
    return [_parted(evidence, name, RECOGNISED) for name in BACKBONES]


def disgust_worst(evidence: Evidence) -> list[Check]:
    """Check that every other emotion is recognised better than disgust."""
    others = ("angry", "fear", "happy", "sad", "surprise", "neutral")
    return [_parted(evidence, name, others) for name in BACKBONES]


def _parted(evidence: Evidence, backbone: str, upper: tuple[str, ...]) -> Check:
    """Check that a pretrained network's recall of `upper` lies above that of the rest."""
    key = (backbone, PRETRAINED)
    title = BACKBONES[backbone]
    variant = evidence.names.get(key)
    recall = evidence.recall.get(variant or "")
    if recall is None or variant in evidence.uninformative:
        return compare_variants(evidence, title, (key, key), lambda _: None)
    if None in recall.values():
        return compare(title, None, None)
    low = min(upper, key=lambda emotion: recall[emotion])
    high = max((e for e in recall if e not in upper), key=lambda e: recall[e])
    margin = margin_of_error(evidence.num_test[low], evidence.num_test[high])
    what = f"{title}: {low}, {high}"
    return compare(what, recall[low], recall[high], margin)
