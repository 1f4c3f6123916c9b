"""Whether two groups differ: the interval over seeds and images, and what decides nothing."""

import numpy as np
import pytest

from fer_transfer.results.compare import Difference, Sample, compare, correct_all

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
    ("seeds", "spread"),
    [((3, 3), 0.03), ((3, 3), 0.003), ((3, 7), 0.02), ((5, 5), 0.01)],
)
def test_95_percent_intervals_cover_the_true_difference_of_new_seeds_and_images(
    seeds, spread
):
    """With the seeds and the images both drawn anew; of either alone they would be too short."""
    random = np.random.default_rng(7)
    covered, number = 0, 600
    for _ in range(number):
        common = random.beta(2, 2, NUM_IMAGES)
        own = [0.5 * common + 0.5 * random.beta(2, 2, NUM_IMAGES) for _ in seeds]
        left, right = (
            sample(name, recognise(random, size, accuracy, spread, difficulty))
            for name, size, accuracy, difficulty in zip(
                "lr", seeds, (0.55, 0.5), own, strict=True
            )
        )
        difference = compare(left, right)
        covered += difference.low <= 0.05 <= difference.high
    assert covered / number >= 0.93


def test_intervals_over_seeds_alone_would_cover_too_few_where_seeds_hardly_differ():
    """The reason for adding the images: three seeds on the same images agree by their images."""
    random = np.random.default_rng(8)
    covered, number = 0, 300
    for _ in range(number):
        # What a network recognises is settled by the image.
        left, right = (
            (random.random(NUM_IMAGES) < accuracy)[None].repeat(3, axis=0)
            ^ (random.random((3, NUM_IMAGES)) < 0.001)
            for accuracy in (0.55, 0.5)
        )
        without = compare(
            *(Sample(n, tuple(c.mean(axis=1))) for n, c in (("l", left), ("r", right)))
        )
        covered += without.low <= 0.05 <= without.high
        assert compare(sample("l", left), sample("r", right)).high > without.high
    assert covered / number < 0.5


@pytest.mark.parametrize(("left", "right"), [(1, 3), (3, 2), (1, 1)])
def test_with_fewer_than_three_seeds_on_a_side_nothing_is_decided(left, right):
    difference = compare(Sample("one", (0.9,) * left), Sample("other", (0.1,) * right))
    assert (difference.low, difference.p) == (None, None)
    assert difference.outcome == "not tested"
    few = [
        f"{name} has {number} of 3 seeds"
        for name, number in (("one", left), ("other", right))
        if number < 3
    ]
    assert difference.why == "; ".join(few)


def test_seeds_that_agree_exactly_decide_nothing_as_nothing_is_known_to_vary():
    difference = compare(Sample("a", (0.5,) * 3), Sample("b", (0.4,) * 3))
    assert difference.outcome == "not tested"
    assert difference.why == "nothing varies between seeds"


def test_two_classes_of_one_network_are_compared_seed_by_seed():
    left, right = (0.60, 0.70, 0.80), (0.50, 0.601, 0.70)
    paired = compare(Sample("a", left), Sample("a", right))
    apart = compare(Sample("a", left), Sample("b", right))
    assert paired.p < 0.001 < apart.p


@pytest.mark.parametrize(
    ("left", "outcome"),
    [(0.04, "more"), (0.0300005, "not tested"), (0.03, "not tested"), (0.02, "less")],
)
def test_printed_numbers_differ_where_more_than_their_last_digit_does(left, outcome):
    difference = compare(
        Sample("a", (left,), rounding=5e-7), Sample("b", (0.03,), rounding=5e-7)
    )
    assert difference.outcome == outcome
    if outcome == "not tested":
        assert difference.why == "equal to the printed digits"


@pytest.mark.parametrize(
    ("right", "outcome"), [(0.51, "more"), (0.55, "not significant"), (0.7, "less")]
)
def test_comparable_is_tested_as_a_distance_below_a_line(right, outcome):
    seeds = np.array([-0.002, 0.0, 0.002])
    difference = compare(
        Sample("a", tuple(0.5 + seeds)), Sample("b", tuple(right + seeds)), within=0.05
    )
    assert difference.outcome == outcome
    assert (difference.left, difference.right) == pytest.approx((0.5, right))


def test_p_is_corrected_for_every_comparison_that_is_tested_and_for_no_other():
    sure = Difference(0.6, 0.5, 0.05, 0.15, p=0.01)
    close = Difference(0.6, 0.55, 0.01, 0.09, p=0.04)
    known = Difference(2.0, 1.0, 0.9, 1.1)
    untested = Difference(0.6, 0.5, why="a has 1 of 3 seeds")
    corrected = correct_all([sure, close, known, untested, sure])
    assert {one.p: two.corrected for one, two in corrected.items()} == {
        0.01: 0.02,
        0.04: 0.04,
    }


def test_an_interval_without_zero_is_not_enough_where_the_corrected_p_is_high():
    one = Difference(0.6, 0.5, 0.01, 0.19, p=0.03, corrected=0.09)
    assert one.outcome == "not significant"
    assert Difference(0.6, 0.5, 0.01, 0.19, p=0.03, corrected=0.03).outcome == "more"
