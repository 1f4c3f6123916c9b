import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_transfer.results import distance, paper
from fer_transfer.results.protocols import Group, Protocol
from fer_transfer.scoring import rates

PAPER = Path(__file__).parents[1] / "metrics/paper"
PRINTED = {key: json.loads((PAPER / f"{key}.json").read_text()) for key in paper.TABLES}


def history(step: float, seed: int = 0) -> pd.DataFrame:
    """Make up 20 epochs whose training accuracy rises by about `step`."""
    random = np.random.default_rng(seed)
    train = 0.3 + np.cumsum(random.normal(step, 0.001, 20))
    val = 0.3 + 0.5 * (train - 0.3)
    columns = {"accuracy": train, "val_accuracy": val}
    return pd.DataFrame(columns | {"loss": 2 - train, "val_loss": 2 - val})


def group(name: str, trainable_layers: int | str, *runs: str) -> Group:
    backbone, weights = name.rsplit("-", 1)
    return Group(backbone, weights, Protocol(trainable_layers, "float32"), runs)


@pytest.mark.parametrize("windows", distance.READINGS.values())
def test_a_row_is_the_rates_of_tables_2_and_3_over_the_windows_of_a_reading(windows):
    made_up = history(0.02)
    found = distance.rows_of(made_up, windows)
    assert list(found) == ["table2", "table3"]
    for key, row in found.items():
        metric = made_up[paper.TABLES[key].metric].to_numpy()
        expected = [rates.mean_convergence_rate(metric, *window) for window in windows]
        np.testing.assert_allclose(row, expected)


def published_history(variant: str, factor: float = 1) -> pd.DataFrame:
    """Make up a history that has the rates of a published row, or a multiple of them."""
    made_up = {}
    spans = [last - first for first, last in paper.WINDOWS.values()]
    for key in ("table2", "table3"):
        steps = np.repeat(list(PRINTED[key][variant].values()), spans)
        train = np.concatenate([[0], np.cumsum(steps * factor), [0]])
        made_up |= {paper.TABLES[key].metric: train}
    return pd.DataFrame(made_up)


def test_a_history_of_the_published_rates_has_distance_0():
    variant = "openface-pretrained"
    ran = {"run": group(variant, 4, "run")}
    found = distance.find(ran, {"run": published_history(variant)}, PRINTED)[variant]
    row = found["protocols"]["last 4 layers"]
    assert [row[key] for key in ("table2", "table3", "overall")] == pytest.approx(
        [0] * 3
    )
    assert row["floor"] is None


def test_the_floor_is_the_distance_between_seeds_in_the_units_of_the_row():
    variant = "openface-pretrained"
    runs = {
        name: published_history(variant, factor)
        for name, factor in (("a", 0.9), ("b", 1.1), ("c", 1.0))
    }
    found = distance.find({"a": group(variant, 4, *runs)}, runs, PRINTED)[variant]
    row = found["protocols"]["last 4 layers"]
    assert row["overall"] == pytest.approx(0)
    assert row["floor"] == pytest.approx((0.2 + 0.1 + 0.1) / 3)
    assert row["seeds"] == 3


def test_a_protocol_nearer_to_the_row_is_named():
    runs = {"slow": history(0.001), "fast": history(0.02), "fast-43": history(0.02, 1)}
    ran = {
        "slow": group("openface-pretrained", 4, "slow"),
        "fast": group("openface-pretrained", "all", "fast", "fast-43"),
    }
    found = distance.find(ran, runs, PRINTED)["openface-pretrained"]
    assert list(found["protocols"]) == ["last 4 layers", "every layer"]
    assert set(found["nearest"].values()) == {"every layer"}
    near, far = (found["protocols"][name] for name in ("every layer", "last 4 layers"))
    assert near["overall"] < far["overall"]
    assert found["zeros"] == []


def test_a_published_row_of_zeros_gets_the_root_mean_square_and_does_not_count():
    runs = {"run": history(0.02)}
    ran = {"run": group("vggface-random", 4, "run")}
    found = distance.find(ran, runs, PRINTED)["vggface-random"]
    assert found["zeros"] == ["table2"]
    row = found["protocols"]["last 4 layers"]
    rows = distance.rows_of(runs["run"], list(paper.WINDOWS.values()))
    assert row["table2"] == pytest.approx(distance.root_mean_square(rows["table2"]))
    assert row["overall"] == row["table3"]


def test_a_study_of_fewer_epochs_is_compared_with_nothing():
    runs = {"run": history(0.02).head(5)}
    ran = {"run": group("openface-random", 4, "run")}
    assert distance.find(ran, runs, PRINTED) == {}
