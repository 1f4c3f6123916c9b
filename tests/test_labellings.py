import numpy as np
import pytest

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.scoring import labellings


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
    found = labellings.agreement(labels, majority, EMOTIONS)
    assert found["images"] == len(seen) < 200
    assert found["share"] == pytest.approx(sum(a == b for a, b in seen) / len(seen))
    fear = [b for a, b in seen if a == EMOTIONS.index("fear")]
    assert found["emotions"]["fear"]["images"] == len(fear)
    assert found["emotions"]["fear"]["share"] == pytest.approx(
        fear.count(2) / len(fear)
    )


def test_an_emotion_without_images_has_no_share_and_an_interval_of_all(made_up):
    labels, majority, _ = made_up
    neutral = labellings.agreement(labels, majority, EMOTIONS)["emotions"]["neutral"]
    assert neutral == {"images": 0, "share": None, "interval": (0, 1)}


def test_a_run_is_scored_against_both_on_the_same_images(made_up):
    labels, majority, predicted = made_up
    rows = [row for row in range(200) if majority[row] >= 0]
    scored = labellings.score_run(predicted, labels, majority)
    assert scored["ferplus"]["images"] == scored["fer2013"]["images"] == len(rows)
    for name, truth in (("ferplus", majority), ("fer2013", labels)):
        hits = sum(predicted[row] == truth[row] for row in rows)
        assert scored[name]["share"] == pytest.approx(hits / len(rows))
    disputed = [row for row in rows if labels[row] != majority[row]]
    sided = sum(predicted[row] == labels[row] for row in disputed)
    assert scored["disputed"]["images"] == len(disputed)
    assert scored["disputed"]["fer2013"] == pytest.approx(sided / len(disputed))


def test_runs_are_compared_on_the_test_set_and_without_its_duplicates(made_up):
    labels, majority, predicted = made_up
    test = np.arange(50, 120)
    has_duplicate = np.arange(70) < 25
    split = {"test": test, "test_has_duplicate": has_duplicate}
    found = labellings.compare(
        labels, majority, split, {"tiny": predicted[test]}, EMOTIONS
    )
    assert found["agreement"]["all"] == labellings.agreement(labels, majority, EMOTIONS)
    assert found["agreement"]["test"] == labellings.agreement(
        labels[50:120], majority[50:120], EMOTIONS
    )
    assert found["agreement"]["deduplicated"] == labellings.agreement(
        labels[75:120], majority[75:120], EMOTIONS
    )
    assert found["runs"]["tiny"]["deduplicated"] == labellings.score_run(
        predicted[75:120], labels[75:120], majority[75:120]
    )


def test_no_majority_at_all_gives_no_shares():
    labels = np.array([0, 3], np.uint8)
    nothing = np.array([-1, -1], np.int8)
    assert labellings.agreement(labels, nothing, EMOTIONS)["share"] is None
    scored = labellings.score_run(labels, labels, nothing)
    assert scored["disputed"] == {"images": 0, "ferplus": None, "fer2013": None}
