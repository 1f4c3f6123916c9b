import math

import numpy as np
import pytest
from scipy import stats

from fer_transfer.scoring.significance import mcnemar, mean_interval, wilson_interval


@pytest.mark.parametrize(
    ("successes", "n"), [(0, 10), (10, 10), (1, 3), (50, 100), (4_335, 7_177)]
)
def test_wilsons_interval_is_scipys(successes, n):
    expected = stats.binomtest(successes, n).proportion_ci(0.9, method="wilson")
    found = wilson_interval(successes, n, confidence=0.9)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("successes", "n"), [(3, 20), (700, 1_000)])
def test_wilsons_ends_are_the_shares_from_which_the_observed_one_is_1_96_errors_away(
    successes, n
):
    for end in wilson_interval(successes, n):
        error = math.sqrt(end * (1 - end) / n)
        assert abs(successes / n - end) / error == pytest.approx(1.959964, abs=1e-5)


def test_all_and_nothing_have_one_end_exactly_there():
    assert wilson_interval(0, 7)[0] == 0
    assert wilson_interval(7, 7)[1] == 1


def test_no_image_leaves_every_share_possible():
    assert wilson_interval(0, 0) == (0, 1)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_a_count_that_cannot_be_is_an_error(successes, n):
    with pytest.raises(ValueError, match="expected a count from 0"):
        wilson_interval(successes, n)


def test_a_wilson_interval_holds_the_true_share_as_often_as_it_says():
    counts = np.random.default_rng(5).binomial(200, 0.3, size=2_000)
    ends = [wilson_interval(int(count), 200) for count in counts]
    assert np.mean([low < 0.3 < high for low, high in ends]) == pytest.approx(
        0.95, abs=0.02
    )


def test_a_means_interval_is_by_the_formula_with_t_from_a_table():
    values = [0.61, 0.58, 0.66, 0.60, 0.63]
    mean = sum(values) / 5
    variance = sum((value - mean) ** 2 for value in values) / 4
    half = 2.776445 * math.sqrt(variance / 5)  # t, 4 degrees of freedom, 95 %
    assert mean_interval(values) == pytest.approx((mean - half, mean + half), abs=1e-7)


def test_a_means_interval_is_scipys():
    values = [0.61, 0.58, 0.66]
    expected = stats.t.interval(0.8, 2, np.mean(values), stats.sem(values))
    assert mean_interval(values, 0.8) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("values", [[], [0.6]])
def test_fewer_than_two_seeds_have_no_interval(values):
    assert mean_interval(values) is None


def test_seeds_that_agree_have_an_interval_without_width():
    assert mean_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)


def answers(only_left: int, only_right: int, both: int = 20, neither: int = 30):
    left = [True] * only_left + [False] * only_right + [True] * both + [False] * neither
    right = [False] * only_left + [True] * only_right + [True] * both
    return np.array(left), np.array([*right, *[False] * neither])


@pytest.mark.parametrize(
    ("only_left", "only_right"), [(1, 0), (9, 1), (10, 10), (3, 17), (40, 61)]
)
def test_mcnemar_is_twice_the_smaller_tail_of_fair_coins(only_left, only_right):
    n, least = only_left + only_right, min(only_left, only_right)
    tail = sum(math.comb(n, k) for k in range(least + 1)) / 2**n
    found = mcnemar(*answers(only_left, only_right))
    assert found == pytest.approx(min(1, 2 * tail), rel=1e-9)


def test_images_on_which_both_are_right_or_wrong_do_not_count():
    few, many = answers(9, 1, both=0, neither=0), answers(9, 1, both=500, neither=500)
    assert mcnemar(*few) == mcnemar(*many)


def test_networks_that_differ_on_no_image_have_p_1():
    same = np.array([True, False])
    assert mcnemar(same, same) == 1


def test_left_and_right_change_places_without_effect():
    left, right = answers(7, 2)
    assert mcnemar(left, right) == mcnemar(right, left)


def test_answers_to_different_numbers_of_images_are_an_error():
    with pytest.raises(
        ValueError, match=r"one has \(3,\) predictions and the other \(2,\)"
    ):
        mcnemar(np.ones(3, bool), np.ones(2, bool))


def test_equally_good_networks_are_called_different_no_more_often_than_agreed():
    random = np.random.default_rng(2)
    ps = [mcnemar(*(random.random((2, 300)) < 0.6)) for _ in range(400)]
    assert np.mean(np.array(ps) < 0.05) < 0.07
