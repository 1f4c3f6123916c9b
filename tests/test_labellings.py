import numpy as np
import pytest

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import labellings


@pytest.fixture
def made_up():
    """200 images: FER2013's labels, FER+'s (some without), a network's answers."""
    random = np.random.default_rng(8)
    labels = random.integers(0, 6, 200).astype(np.uint8)  # none is neutral
    majority = np.where(random.random(200) < 0.6, labels, random.integers(-1, 7, 200))
    predicted = random.integers(0, 7, 200).astype(np.uint8)
    return labels, majority.astype(np.int8), predicted


def test_agreement_is_what_a_plain_loop_counts(made_up):
    labels, majority, _ = made_up
    seen = [
        (a, b)
        for a, b in zip(labels.tolist(), majority.tolist(), strict=True)
        if b >= 0
    ]
    agreement = labellings.compare(labels, majority, {}, EMOTIONS)["agreement"]
    assert agreement["images"] == len(seen) < 200
    share = sum(a == b for a, b in seen) / len(seen)
    assert agreement["accuracy"] == pytest.approx(share, abs=1e-6)
    fear = [b for a, b in seen if a == EMOTIONS.index("fear")]
    assert agreement["by_class"]["fear"]["images"] == len(fear)
    assert agreement["by_class"]["fear"]["recall"] == pytest.approx(
        fear.count(2) / len(fear), abs=1e-6
    )
    neutral = agreement["by_class"]["neutral"]
    assert neutral == {"images": 0, "recall": None, "interval": None}
    counts = [[seen.count((a, b)) for b in range(7)] for a in range(7)]
    assert agreement["confusion"] == counts


def test_a_run_is_scored_against_both_on_the_same_images(made_up):
    labels, majority, predicted = made_up
    rows = [row for row in range(200) if majority[row] >= 0]
    compared = labellings.compare(labels, majority, {"tiny": predicted}, EMOTIONS)
    disputed = [row for row in rows if labels[row] != majority[row]]
    for name, truth in (("ferplus", majority), ("fer2013", labels)):
        agreed = compared["runs"]["tiny"][name]
        for key, images in (("share", rows), ("disputed", disputed)):
            hits = sum(predicted[row] == truth[row] for row in images)
            assert agreed[key] == pytest.approx(hits / len(images))


def test_no_majority_at_all_gives_no_shares():
    labels = np.array([0, 3], np.uint8)
    nothing = np.array([-1, -1], np.int8)
    compared = labellings.compare(labels, nothing, {"tiny": labels}, EMOTIONS)
    assert compared["agreement"]["accuracy"] is None
    unknown = {"share": None, "disputed": None}
    assert compared["runs"]["tiny"] == {"fer2013": unknown, "ferplus": unknown}
