"""Which model to use: the chosen classifier, or a network trained on the same split."""

import pandas as pd
import pytest

from fer_transfer.results import models
from fer_transfer.scoring.wilson import wilson_interval

IMAGES = 100


def assessed(right):
    score = {"images": IMAGES, "accuracy": right / IMAGES, "macro_f1": 0.5}
    return {
        "people": {
            "best": {
                "search": "mobilenet",
                "classifier": "logistic",
                "backbone": "mobilenet",
                "test": score | {"interval": wilson_interval(right, IMAGES)},
                "deduplicated": score,
            }
        }
    }


def runs(split="people", **right):
    """Return a table of runs, right on so many of 100 test faces."""
    rows = []
    for name, number in right.items():
        low, high = wilson_interval(number, IMAGES)
        row = {"run": name, "network": "MobileNet", "weights": "pretrained"}
        row |= {"split": split, "class": "", "value": number / IMAGES}
        row |= {"low": low, "high": high}
        rows += [
            row | {"metric": metric, "set": part}
            for metric in ("accuracy", "macro_f1")
            for part in ("val", "test", "deduplicated")
        ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("networks", "use", "why"),
    [
        ({"a": 60, "b": 80}, "b", "significantly more often right than the best"),
        (
            {"a": 60, "b": 55},
            "mobilenet/logistic",
            "no network is significantly better",
        ),
        ({"a": 20, "b": 30}, "mobilenet/logistic", "than every network"),
    ],
)
def test_a_network_is_to_be_used_where_its_interval_lies_above_the_classifier_s(
    networks, use, why
):
    [compared] = models.compare(runs(**networks), assessed(54)).values()
    assert compared["use"] == use
    assert why in compared["why"]


def test_all_models_of_a_split_are_listed_the_best_first():
    [compared] = models.compare(runs(a=60, b=40), assessed(54)).values()
    names = [model["name"] for model in compared["models"]]
    assert names == ["a", "mobilenet/logistic", "b"]


def test_networks_of_another_split_are_not_compared():
    assert models.compare(runs(split="random", a=60), assessed(54)) == {}
