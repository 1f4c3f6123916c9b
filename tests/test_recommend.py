import numpy as np
import pytest
from test_answer import make

from fer_transfer.results import recommend

BASELINE = 0.25


def candidate(backbone, accuracy, parameters, milliseconds, bytes_per_image):
    return {
        "variant": backbone,
        "accuracy": accuracy,
        "milliseconds": milliseconds,
        "resources": parameters * bytes_per_image,
    }


@pytest.fixture
def four():
    """Four networks with the costs of the paper's, and made-up accuracies."""
    return [
        candidate("mobilenet", 0.58, 3_228_864, 6.5, 200_704),
        candidate("openface", 0.50, 3_743_280, 4, 26_496),
        candidate("resnet50", 0.56, 23_587_712, 32.3, 501_760),
        candidate("vggface", 0.65, 134_260_544, 135, 100_352),
    ]


def chosen(candidates, baseline=BASELINE):
    advice = recommend.recommend(candidates, baseline)["advice"]
    return [one["choice"] for one in advice]


def test_each_situation_has_its_best(four):
    assert chosen(four) == ["vggface", "openface", "openface"]


def test_speed_does_not_excuse_a_network_that_is_hardly_better_than_the_baseline(four):
    four[1]["accuracy"] = 0.44  # less than half of 0.65 - 0.25
    assert chosen(four) == ["vggface", "mobilenet", "mobilenet"]


@pytest.mark.parametrize(("baseline", "number"), [(0.35, 4), (0.36, 3)])
def test_half_of_the_best_one_s_lead_is_enough(four, baseline, number):
    candidates = recommend.recommend(four, baseline)["candidates"]
    assert sum(one["worthwhile"] for one in candidates) == number


def test_parameters_and_features_weigh_alike():
    few = candidate("few", 0.5, 1000, 1, 3.0)
    small = candidate("small", 0.5, 1, 1, 2999.0)
    assert chosen([few, small])[2] == "small"


def test_what_was_not_timed_is_not_called_fast(four):
    untimed = [four[0], four[1] | {"milliseconds": None}]
    assert chosen(untimed)[1] == "mobilenet"


@pytest.mark.parametrize("accuracy", [0.2, BASELINE])
def test_nothing_is_recommended_that_does_not_beat_the_baseline(four, accuracy):
    level = [one | {"accuracy": accuracy} for one in four]
    assert chosen(level) == [None] * 3
    assert chosen([]) == [None] * 3


@pytest.mark.parametrize(
    ("has_duplicate", "expected"),
    [
        ([True, True, False, False, False], 2 / 3),
        ([False, False, True, True, True], 1),
        ([True] * 5, 0),
    ],
)
def test_the_baseline_is_of_the_images_that_accuracy_is_of(has_duplicate, expected):
    """Accuracy on the deduplicated part was once compared to the whole test set's baseline."""
    test = np.array([7, 14, 21, 1, 8])  # of classes 0, 0, 0, 1 and 1
    split = {"test": test, "test_has_duplicate": np.array(has_duplicate)}
    advice = recommend.find(make(splits={"random": split}), [])
    assert advice["baseline"] == pytest.approx(expected)
