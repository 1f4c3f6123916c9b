import numpy as np
import pytest

from fer_transfer.results import paper
from fer_transfer.scoring import rates

WINDOWS = [*paper.WINDOWS.values(), *paper.TEXT_WINDOWS.values(), (1, 2), (1, 20)]


def loop_over_equation_1(metric, first, last):
    value_at = dict(enumerate(metric, start=1))
    differences = [
        value_at[epoch] - value_at[epoch - 1] for epoch in range(first + 1, last + 1)
    ]
    return sum(differences) / len(differences)


@pytest.mark.parametrize(("first", "last"), WINDOWS)
def test_rates_agree_with_a_plain_loop(first, last):
    """Overfitting is the convergence of the gap."""
    train, val = np.random.default_rng(1).random((2, 20))
    rate = rates.mean_convergence_rate(train, first, last)
    assert rate == pytest.approx(loop_over_equation_1(train, first, last))
    rate = rates.mean_overfitting_rate(train, val, first, last)
    gap = [train[epoch] - val[epoch] for epoch in range(20)]
    assert rate == pytest.approx(loop_over_equation_1(gap, first, last))


@pytest.mark.parametrize(("first", "last"), [(16, 20), (5, 6), (1, 1), (0, 3), (4, 3)])
def test_a_window_without_differences_names_the_history_and_the_setting(first, last):
    message = (
        rf"No rate from epoch {first} to {last}: it needs two epochs of the history's 5\. "
        r"Pick a window within 1-5 \(`tables.windows` in params.yaml\), or train longer"
    )
    with pytest.raises(ValueError, match=message):
        rates.mean_convergence_rate(np.zeros(5), first, last)


def test_histories_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="training has 3 epochs and validation 1"):
        rates.mean_overfitting_rate(np.zeros(3), np.zeros(1), 1, 3)


@pytest.mark.parametrize(
    ("num_epochs", "expected"),
    [
        pytest.param(20, [*paper.WINDOWS.values()], id="of_the_paper"),
        pytest.param(7, [(1, 6), (6, 7)], id="the_last_window_is_shorter"),
        pytest.param(6, [(1, 6)], id="a_window_that_begins_last_is_left_out"),
        pytest.param(1, [], id="one_epoch_has_no_difference"),
    ],
)
def test_windows_are_clipped_to_the_history(num_epochs, expected):
    assert rates.clip(paper.WINDOWS.values(), num_epochs) == expected
    for first, last in expected:
        rates.mean_convergence_rate(np.zeros(num_epochs), first, last)
