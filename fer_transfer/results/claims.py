"""The paper's claims (its sections 6 and 7), each with the rule that decides it.

Where the paper's words can be read in more than one way, the rule takes a reading that its
own tables bear out, if there is one. Accuracies differ only beyond the margin of error.
"""

from functools import partial
from typing import Any

from fer_transfer.results import comparisons, paper, verdicts
from fer_transfer.results.evidence import Evidence
from fer_transfer.results.verdicts import Claim, some

MARGIN = "A difference within the 95% margin of error decides nothing."

CLAIMS = (
    Claim(
        "pretrained-better",
        "Pretrained networks perform better than randomly initialised ones.",
        f"Validation accuracy after the last epoch, backbone by backbone. {MARGIN}",
        ("pretrained", "random"),
        "share",
        comparisons.better,
    ),
    Claim(
        "pretrained-faster",
        "Pretrained networks converge faster in the first epochs (1–10).",
        "Accuracy MCR (Table 2) over epochs 1–10, backbone by backbone.",
        ("pretrained", "random"),
        "rate",
        partial(comparisons.rates_of_pairs, paper.ACCURACY_MCR, (1, 10), False),
    ),
    Claim(
        "random-overtakes",
        "At epochs 15–20 the randomly initialised network converges faster, in some cases.",
        "Accuracy MCR (Table 2) over epochs 16–20: random above pretrained for at least "
        "one backbone.",
        ("random", "pretrained"),
        "rate",
        partial(comparisons.rates_of_pairs, paper.ACCURACY_MCR, (16, 20), True),
        some,
    ),
    Claim(
        "pretrained-overfits",
        "Pretrained networks are more prone to overfitting.",
        "Accuracy MOFR (Table 4) over all epochs, backbone by backbone. (Section 7 says "
        "“less overfitting speed”; this is section 6.)",
        ("pretrained", "random"),
        "rate",
        comparisons.overfits,
    ),
    Claim(
        "vggface-first",
        "VGG-Face pretrained is the best at the first epoch.",
        f"Validation accuracy after epoch 1 against every other variant. {MARGIN}",
        ("VGG-Face", "the other"),
        "share",
        partial(comparisons.best, "initial"),
    ),
    Claim(
        "vggface-last",
        "VGG-Face pretrained is the best at the last epoch.",
        f"Validation accuracy after the last epoch against every other variant. {MARGIN}",
        ("VGG-Face", "the other"),
        "share",
        partial(comparisons.best, "final"),
    ),
    Claim(
        "vggface-slowest",
        "VGG-Face pretrained is the slowest to converge.",
        "Accuracy MCR (Table 2) over all epochs, against the other pretrained networks.",
        ("the other", "VGG-Face"),
        "rate",
        comparisons.slowest,
    ),
    Claim(
        "openface-comparable",
        "OpenFace’s accuracy is comparable to ResNet-50’s.",
        "Validation accuracy after the last epoch, pretrained: at most five points "
        f"apart. The paper draws no line; this one is ours. {MARGIN}",
        ("OpenFace", "ResNet-50"),
        "share",
        comparisons.comparable,
    ),
    Claim(
        "openface-lighter",
        "OpenFace has fewer parameters than ResNet-50 and therefore predicts faster.",
        "Parameters of the backbones as built, and measured milliseconds per image.",
        ("ResNet-50", "OpenFace"),
        "number",
        comparisons.lighter,
    ),
    Claim(
        "mobilenet-below",
        "MobileNet performs below OpenFace.",
        f"Validation accuracy after the last epoch, pretrained. {MARGIN}",
        ("OpenFace", "MobileNet"),
        "share",
        comparisons.below,
    ),
    Claim(
        "openface-fastest",
        "OpenFace has the highest convergence rate.",
        "Accuracy MCR (Table 2) over epochs 1–5, against the other pretrained networks: "
        "only there is it the highest in the paper’s own table.",
        ("OpenFace", "the other"),
        "rate",
        partial(comparisons.highest_rate, paper.ACCURACY_MCR),
    ),
    Claim(
        "openface-overfits",
        "OpenFace has the highest overfitting rate.",
        "Accuracy MOFR (Table 4) over epochs 1–5, against the other pretrained networks: "
        "only there is it the highest in the paper’s own table.",
        ("OpenFace", "the other"),
        "rate",
        partial(comparisons.highest_rate, paper.ACCURACY_MOFR),
    ),
    Claim(
        "faces-surpass",
        "Backbones that learned faces surpass those that learned ImageNet, in some cases.",
        "Validation accuracy after the last epoch, pretrained: a face network above an "
        f"ImageNet network at least once. {MARGIN}",
        ("faces", "ImageNet"),
        "share",
        comparisons.faces_over_imagenet,
        some,
    ),
    Claim(
        "four-best",
        "Happy, angry, fear and surprise are recognised best.",
        "Recall on the test set by each pretrained network: the least of the four above "
        f"the most of the other three. {MARGIN}",
        ("least of the four", "most of the others"),
        "share",
        comparisons.recognised_best,
    ),
    Claim(
        "disgust-worst",
        "Disgust is recognised worst.",
        "Recall on the test set by each pretrained network: the least of the other six "
        f"above disgust. {MARGIN}",
        ("least of the others", "disgust"),
        "share",
        comparisons.disgust_worst,
    ),
)


def judge(
    ours: Evidence, every_layer: Evidence, theirs: Evidence
) -> list[dict[str, Any]]:
    """Judge every claim by our numbers under both protocols, and by the paper's own."""
    return [
        {
            "ours": verdicts.judge(claim, ours),
            "every_layer": verdicts.judge(claim, every_layer)
            if every_layer.usable()
            else None,
            "paper": verdicts.judge(claim, theirs),
        }
        for claim in CLAIMS
    ]
