"""Whether two groups differ: the interval over seeds and images, and what decides nothing."""

import numpy as np
import pytest

from fer_transfer.results.compare import Sample, compare, correct, outcome

NUM_IMAGES = 2_000


def recognise(random, seeds, accuracy, spread, difficulty):
    """Simulate which images the networks of one group recognise, (seeds, images) bool.

    An image is as hard for every network of the group, and a seed shifts them all.
    """
    shift = random.normal(0, spread, seeds)
    chance = np.clip(difficulty + accuracy - 0.5 + shift[:, None], 0, 1)
    return random.random((seeds, len(difficulty))) < chance


def sample(name, correct):
    seeds = tuple(correct.mean(axis=1).tolist())
    return Sample(name, seeds, correct.mean(axis=0))


@pytest.mark.parametrize(
    ("seeds", "spreads"),
    [
        *[((3, 3), (0.03, 0.03)), ((3, 3), (0.003, 0.003)), ((3, 3), (0.03, 0.003))],
        *[((3, 7), (0.02, 0.02)), ((5, 5), (0.01, 0.01))],
    ],
)
def test_95_percent_intervals_cover_the_true_difference_of_new_seeds_and_images(
    seeds, spreads
):
    """With the seeds and the images both drawn anew; of either alone they would be too short."""
    random = np.random.default_rng(7)
    covered, number = 0, 600
    for _ in range(number):
        common = random.beta(2, 2, NUM_IMAGES)
        own = [0.5 * common + 0.5 * random.beta(2, 2, NUM_IMAGES) for _ in seeds]
        left, right = (
            sample(name, recognise(random, size, accuracy, spread, difficulty))
            for name, size, accuracy, spread, difficulty in zip(
                "lr", seeds, (0.55, 0.5), spreads, own, strict=True
            )
        )
        low, high = compare(left, right)["interval"]
        covered += low <= 0.05 <= high
    assert covered / number >= 0.93


@pytest.mark.parametrize(("left", "right"), [(1, 3), (3, 2)])
def test_with_fewer_than_three_seeds_on_a_side_nothing_is_decided(left, right):
    compared = compare(Sample("one", (0.9,) * left), Sample("other", (0.1,) * right))
    assert (compared["interval"], compared["p"]) == (None, None)
    assert compared["outcome"] == "not tested"
    name, number = ("one", left) if left < 3 else ("other", right)
    assert compared["why"] == f"{name} has {number} of 3 seeds"


def test_seeds_that_agree_exactly_decide_nothing_as_nothing_is_known_to_vary():
    compared = compare(Sample("a", (0.5,) * 3), Sample("b", (0.4,) * 3))
    assert compared["outcome"] == "not tested"
    assert compared["why"] == "nothing varies between seeds"


def test_where_seeds_agree_the_images_still_vary():
    sides = [
        Sample(name, (share,) * 3, variance=0.01)
        for name, share in [("a", 0.5), ("b", 0.1)]
    ]
    assert compare(*sides)["interval"] == pytest.approx(
        [0.4 - 0.277, 0.4 + 0.277], abs=1e-3
    )


def test_two_classes_of_one_network_are_compared_seed_by_seed():
    left, right = (0.60, 0.70, 0.80), (0.50, 0.601, 0.70)
    paired = compare(Sample("a", left), Sample("a", right))
    apart = compare(Sample("a", left), Sample("b", right))
    assert paired["p"] < 0.001 < apart["p"]


@pytest.mark.parametrize(
    ("left", "outcome"), [(0.04, "more"), (0.0300005, "not tested"), (0.02, "less")]
)
def test_printed_numbers_differ_where_more_than_their_last_digit_does(left, outcome):
    compared = compare(
        Sample("a", (left,), rounding=5e-7), Sample("b", (0.03,), rounding=5e-7)
    )
    assert compared["outcome"] == outcome
    if outcome == "not tested":
        assert compared["why"] == "equal to the printed digits"


@pytest.mark.parametrize(
    ("right", "outcome"), [(0.51, "more"), (0.55, "not significant"), (0.7, "less")]
)
def test_comparable_is_tested_as_a_distance_below_a_line(right, outcome):
    seeds = np.array([-0.002, 0.0, 0.002])
    compared = compare(
        Sample("a", tuple(0.5 + seeds)), Sample("b", tuple(right + seeds)), within=0.05
    )
    assert compared["outcome"] == outcome
    assert (compared["left"], compared["right"]) == pytest.approx((0.5, right))


def test_p_is_corrected_for_every_comparison_that_is_tested_and_for_no_other():
    """An interval without zero is not enough where the corrected p is high."""
    sure, close, again = (
        {"left": left, "right": 0.5, "interval": [0.01, 0.2], "p": p}
        for left, p in ((0.6, 0.001), (0.55, 0.04), (0.6, 0.001))
    )
    third = sure | {"left": 0.7, "p": 0.04}
    known = {"interval": [0.9, 1.1], "p": None, "corrected_p": None}
    assert correct([sure, close, known, third, again]) == 3
    corrected = [row["corrected_p"] for row in (sure, close, third, again)]
    assert corrected == [0.003, 0.08, 0.08, 0.003]
    outcomes = [row["outcome"] for row in (sure, close, third, again)]
    assert outcomes == ["more", "not significant", "not significant", "more"]
    assert outcome(known) == "more"
