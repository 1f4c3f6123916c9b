import math

import numpy as np
import pytest
from scipy import stats

from fer_transfer.scoring.significance import estimate_interval, holm
from fer_transfer.scoring.wilson import wilson_interval


@pytest.mark.parametrize(
    ("successes", "n"), [(0, 10), (10, 10), (1, 3), (50, 100), (4_335, 7_177)]
)
def test_wilsons_interval_is_scipys(successes, n):
    expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
    found = wilson_interval(successes, n)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_all_and_nothing_have_one_end_exactly_there():
    assert wilson_interval(0, 7)[0] == 0
    assert wilson_interval(7, 7)[1] == 1


def test_no_image_leaves_every_share_possible():
    assert wilson_interval(0, 0) == (0, 1)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_a_count_that_cannot_be_is_an_error(successes, n):
    with pytest.raises(ValueError, match="expected a count from 0"):
        wilson_interval(successes, n)


@pytest.mark.parametrize("sizes", [(3, 3), (3, 7), (10, 4)])
def test_the_interval_over_two_groups_of_seeds_is_welchs(sizes):
    random = np.random.default_rng(1)
    left, right = (random.normal(0.5, 0.1 / size, size) for size in sizes)
    parts = [(np.var(one, ddof=1) / len(one), len(one) - 1) for one in (left, right)]
    welch = stats.ttest_ind(left, right, equal_var=False)
    expected = welch.confidence_interval(0.95)
    low, high, p = estimate_interval(left.mean() - right.mean(), parts)
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert p == pytest.approx(welch.pvalue)


def test_a_variance_that_is_known_well_widens_the_interval_and_raises_its_freedom():
    parts = [(0.0001, 2), (0.0001, 2)]
    low, high, _ = estimate_interval(0.05, parts)
    wide_low, wide_high, _ = estimate_interval(0.05, [*parts, (0.0002, math.inf)])
    assert wide_low < 0.05 - 1.96 * math.sqrt(0.0004) < wide_high
    assert (wide_high - wide_low) < (high - low) * math.sqrt(2)


@pytest.mark.parametrize("ps", [[0.01], [0.04, 0.01, 0.03, 0.005], [0.9, 0.8, 0.04]])
def test_holms_correction_is_the_step_down_of_his_paper(ps):
    order = sorted(ps)
    expected, highest = {}, 0.0
    for place, p in enumerate(order):
        highest = max(highest, min(1.0, p * (len(ps) - place)))
        expected[p] = highest
    assert holm(ps) == pytest.approx([expected[p] for p in ps])
