import numpy as np
import pytest

from fer_transfer.scoring import rates

PAPER_WINDOWS = [(1, 5), (6, 10), (11, 15), (16, 20)]


@pytest.fixture
def history():
    return np.random.default_rng(1).random((2, 20))  # train, val


def loop_over_equation_1(metric, first, last):
    value_at = dict(enumerate(metric, start=1))
    differences = [
        value_at[epoch] - value_at[epoch - 1]
        for epoch in range(first, last + 1)
        if epoch - 1 in value_at
    ]
    return sum(differences) / len(differences)


@pytest.mark.parametrize(("first", "last"), [*PAPER_WINDOWS, (1, 2), (2, 2), (1, 20)])
def test_convergence_agrees_with_a_plain_loop(history, first, last):
    rate = rates.mean_convergence_rate(history[0], first, last)
    assert rate == pytest.approx(loop_over_equation_1(history[0], first, last))


@pytest.mark.parametrize(("first", "last"), [*PAPER_WINDOWS, (1, 2), (2, 2), (1, 20)])
def test_overfitting_is_the_convergence_of_the_gap(history, first, last):
    train, val = history
    rate = rates.mean_overfitting_rate(train, val, first, last)
    gap = [train[epoch] - val[epoch] for epoch in range(20)]
    assert rate == pytest.approx(loop_over_equation_1(gap, first, last))


def test_window_1_to_5_averages_four_differences():
    # 0.25 to 0.75 in four steps; five steps would give 0.1.
    accuracy = np.array([0.25, 0.5, 0.5, 0.625, 0.75, 0.0])
    assert rates.mean_convergence_rate(accuracy, 1, 5) == 0.125


def test_window_6_to_10_averages_five_differences_from_epoch_5_on():
    loss = np.array([9.0, 9.0, 9.0, 9.0, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5])
    assert rates.mean_convergence_rate(loss, 6, 10) == pytest.approx(-0.1)


def test_training_ahead_of_validation_is_overfitting():
    # The gap grows from 0 to 0.5 in two epochs.
    train, val = np.array([0.25, 0.5, 1.0]), np.array([0.25, 0.5, 0.5])
    assert rates.mean_overfitting_rate(train, val, 1, 3) == 0.25


@pytest.mark.parametrize(("first", "last"), [(16, 20), (5, 6), (1, 1), (0, 3), (4, 3)])
def test_a_window_without_differences_names_the_history_and_the_setting(first, last):
    message = (
        rf"No rate for epochs {first}-{last}: it needs two epochs in a row out of the "
        r"history's 5\. Pick a window within 1-5, or train longer \(`train.epochs` in"
    )
    with pytest.raises(ValueError, match=message):
        rates.mean_convergence_rate(np.zeros(5), first, last)


def test_histories_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="training has 3 epochs and validation 1"):
        rates.mean_overfitting_rate(np.zeros(3), np.zeros(1), 1, 3)


def test_twenty_epochs_have_the_windows_of_the_paper():
    assert rates.windows(20, 5) == PAPER_WINDOWS


@pytest.mark.parametrize(
    ("num_epochs", "size", "expected"),
    [
        pytest.param(7, 5, [(1, 5), (6, 7)], id="last_window_is_shorter"),
        pytest.param(6, 5, [(1, 5), (6, 6)], id="one_epoch_has_a_difference"),
        pytest.param(2, 5, [(1, 2)], id="history_shorter_than_a_window"),
        pytest.param(1, 5, [], id="epoch_1_alone_has_none"),
        pytest.param(3, 1, [(2, 2), (3, 3)], id="windows_of_one_epoch"),
    ],
)
def test_windows_hold_at_least_one_difference(num_epochs, size, expected):
    assert rates.windows(num_epochs, size) == expected
    for first, last in expected:
        rates.mean_convergence_rate(np.zeros(num_epochs), first, last)
