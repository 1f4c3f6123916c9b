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


@pytest.mark.parametrize("key", paper.TABLES)
def test_the_first_reading_is_that_of_the_tables(key):
    table, made_up = paper.TABLES[key], history(0.02)
    train, val = made_up[table.metric], made_up[f"val_{table.metric}"]
    expected = [
        rates.mean_convergence_rate(train.to_numpy(), *window)
        if table.rate == "MCR"
        else rates.mean_overfitting_rate(train.to_numpy(), val.to_numpy(), *window)
        for window in distance.WINDOWS
    ]
    np.testing.assert_allclose(distance.row_of(made_up, table), expected)


def test_the_readings_differ_where_the_equations_are_garbled():
    metric = np.cumsum(np.arange(1.0, 21))  # differences 2, 3, ... 20
    first = [reading(metric, 1, 5) for reading in distance.READINGS.values()]
    assert first == [3.5, 14 / 5, 3.0, 4.0]
    last = [reading(metric, 16, 20) for reading in distance.READINGS.values()]
    assert last == [18.0, 18.0, 18.0, 18.5]


def test_a_history_of_the_published_rates_has_distance_0_in_every_table():
    variant = "openface-pretrained"
    rates_of = {
        (table.rate, table.metric): np.repeat(list(PRINTED[key][variant].values()), 5)
        for key, table in paper.TABLES.items()
    }
    made_up = {}
    for metric in ("accuracy", "loss"):
        train = np.cumsum(rates_of["MCR", metric])
        made_up[metric] = train
        made_up[f"val_{metric}"] = train - np.cumsum(rates_of["MOFR", metric])
    ran = {"run": group(variant, 4, "run")}
    found = distance.find(ran, {"run": pd.DataFrame(made_up)}, PRINTED)[variant]
    assert list(found["protocols"]["last 4 layers"].values()) == pytest.approx([0] * 5)


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
    assert found["zeros"] == ["table2", "table4"]
    row = found["protocols"]["last 4 layers"]
    expected = distance.root_mean_square(
        distance.row_of(runs["run"], paper.TABLES["table2"])
    )
    assert row["table2"] == pytest.approx(expected)
    assert row["overall"] == pytest.approx((row["table3"] + row["table5"]) / 2)


def test_a_study_of_fewer_epochs_is_compared_with_nothing():
    runs = {"run": history(0.02).head(5)}
    assert (
        distance.find({"run": group("openface-random", 4, "run")}, runs, PRINTED) == {}
    )
