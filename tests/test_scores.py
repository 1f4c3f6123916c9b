import math

import numpy as np
import pytest

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results.paper import CLASS_COUNTS
from fer_transfer.scoring import scores


def test_the_baselines_of_fer2013_are_those_of_table_1():
    baseline = scores.baseline(np.repeat(np.arange(7), [*CLASS_COUNTS.values()]), 7)
    assert baseline["accuracy"] == pytest.approx(0.2505, abs=5e-5)
    assert baseline["prior_loss"] == pytest.approx(1.8103, abs=5e-5)
    assert baseline["uniform_loss"] == pytest.approx(1.9459, abs=5e-5)


def test_an_emotion_that_never_occurs_does_not_disturb_the_prior():
    baseline = scores.baseline(np.array([0, 0, 3, 3], np.uint8), 7)
    assert baseline["prior_loss"] == pytest.approx(math.log(2))


def test_scores_agree_with_plain_loops():
    random = np.random.default_rng(3)
    labels = random.choice([0, 2, 3, 4, 5, 6], size=60)  # nothing shows disgust
    probabilities = random.dirichlet(np.ones(7), size=60).astype(np.float32)
    predicted = [max(range(7), key=row.__getitem__) for row in probabilities]
    pairs = list(zip(labels.tolist(), predicted, strict=True))
    f1 = []
    for code in range(7):
        right = pairs.count((code, code))
        named = sum(guess == code for _, guess in pairs)
        shown = sum(label == code for label, _ in pairs)
        f1.append(2 * right / (named + shown) if named + shown else 0)

    score = scores.score(labels, probabilities, EMOTIONS)
    assert score["images"] == 60
    assert score["accuracy"] == pytest.approx(sum(a == b for a, b in pairs) / 60)
    assert score["macro_f1"] == pytest.approx(sum(f1) / 7)
    rows = zip(labels, probabilities, strict=True)
    loss = sum(-math.log(row[label]) for label, row in rows) / 60
    assert score["loss"] == pytest.approx(loss, rel=1e-5)
    happy = [guess == 3 for label, guess in pairs if label == 3]
    assert score["recall"]["happy"] == pytest.approx(sum(happy) / len(happy))


def test_recall_is_none_for_an_emotion_without_images_and_0_if_never_recognised():
    probabilities = np.eye(7, dtype=np.float32)[[0, 0]] * 0.9 + np.float32(0.1 / 7)
    recall = scores.score(np.array([0, 2], np.uint8), probabilities, EMOTIONS)["recall"]
    assert list(recall) == list(EMOTIONS)
    assert recall["angry"] == 1
    assert recall["fear"] == 0
    assert recall["disgust"] is None


def test_loss_counts_a_sure_mistake_in_full():
    # Cut at float32's smallest step, 1.2e-7, the loss would be 15.9.
    sure = np.array([[1, 1e-12, 0, 0, 0, 0, 0]], np.float32)
    loss = scores.cross_entropy(np.array([1], np.uint8), sure)
    assert loss == pytest.approx(12 * math.log(10), rel=1e-6)


def test_a_part_without_images_scores_nothing():
    score = scores.score(np.empty(0, np.uint8), np.empty((0, 7), np.float32), EMOTIONS)
    assert score["images"] == 0
    assert score["accuracy"] is score["loss"] is score["macro_f1"] is None
    assert score["recall"] == dict.fromkeys(EMOTIONS)
