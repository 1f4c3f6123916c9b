import numpy as np
import pandas as pd
import pytest

from fer_transfer.results import paper

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
    history = pd.DataFrame({"loss": train, "val_loss": val})
    rate = paper.TABLES["table3"].rate_of(history, first, last)
    assert rate == pytest.approx(loop_over_equation_1(train, first, last))
    rate = paper.TABLES["table5"].rate_of(history, first, last)
    gap = [train[epoch] - val[epoch] for epoch in range(20)]
    assert rate == pytest.approx(loop_over_equation_1(gap, first, last))


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
    assert paper.clip(paper.WINDOWS.values(), num_epochs) == expected
