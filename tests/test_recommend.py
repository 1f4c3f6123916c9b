from dataclasses import replace

import pytest

from fer_transfer.results.recommend import Candidate, recommend, worthwhile

BASELINE = 0.25


def candidate(backbone, accuracy, parameters, milliseconds, bytes_per_image):
    return Candidate(
        f"{backbone}-pretrained",
        backbone,
        accuracy,
        parameters,
        milliseconds,
        bytes_per_image,
    )


@pytest.fixture
def four():
    """Four networks with the costs of the paper's, and made-up accuracies."""
    return [
        candidate("mobilenet", 0.58, 3_228_864, 6.5, 200_704),
        candidate("openface", 0.50, 3_743_280, 4, 26_496),
        candidate("resnet50", 0.56, 23_587_712, 32.3, 501_760),
        candidate("vggface", 0.65, 134_260_544, 135, 100_352),
    ]


def chosen(candidates):
    backbones = {one.variant: one.backbone for one in candidates}
    advice = recommend(candidates, BASELINE)["advice"]
    return [backbones.get(one["choice"]) for one in advice]


def test_each_situation_has_its_best(four):
    assert chosen(four) == ["vggface", "openface", "openface"]


def test_speed_does_not_excuse_a_network_that_is_hardly_better_than_the_baseline(four):
    slow = [replace(one) for one in four]
    slow[1] = replace(four[1], accuracy=0.44)  # less than half of 0.65 - 0.25
    assert chosen(slow) == ["vggface", "mobilenet", "mobilenet"]


def test_half_of_the_best_one_s_lead_is_enough(four):
    backbones = [one.backbone for one in worthwhile(four, baseline=0.35)]
    assert backbones == ["mobilenet", "openface", "resnet50", "vggface"]
    backbones = [one.backbone for one in worthwhile(four, baseline=0.36)]
    assert backbones == ["mobilenet", "resnet50", "vggface"]


def test_parameters_and_features_weigh_alike(four):
    few = replace(four[0], parameters=1000, bytes_per_image=3.0)
    small = replace(four[2], parameters=1, bytes_per_image=2999.0)
    assert recommend([few, small], BASELINE)["advice"][2]["choice"] == small.variant


def test_what_was_not_timed_is_not_called_fast(four):
    untimed = [*four[:1], replace(four[1], milliseconds=None)]
    assert chosen(untimed)[1] == "mobilenet"


@pytest.mark.parametrize("accuracy", [0.2, BASELINE])
def test_nothing_is_recommended_that_does_not_beat_the_baseline(four, accuracy):
    level = [replace(one, accuracy=accuracy) for one in four]
    assert chosen(level) == [None] * 3
    assert chosen([]) == [None] * 3
