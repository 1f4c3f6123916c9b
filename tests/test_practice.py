"""Networks trained on the sets that the data come with, and how many images they need."""

from types import SimpleNamespace

import pandas as pd
import pytest

from fer_transfer.results import practice
from fer_transfer.results.protocols import Group, Protocol

SETTINGS = SimpleNamespace(
    splits={"random": SimpleNamespace(by="random"), "own": SimpleNamespace(by="parts")}
)
ACCURACIES = {
    "few": ("all", 50, 0.42),
    "all": ("all", None, 0.72),
    "head-few": (0, 50, 0.45),
    "other": (4, None, 0.6),
}


@pytest.fixture
def found():
    ran, rows = {}, []
    for name, (layers, number, accuracy) in ACCURACIES.items():
        recipe = (("train_per_class", number),) if number else ()
        protocol = Protocol(layers, "float32", "own", recipe)
        ran[name] = Group("mobilenet", "pretrained", protocol, (name,))
        row = {"group": name, "run": name, "metric": "accuracy", "set": "test"}
        row |= {"value": accuracy, "low": accuracy - 0.01, "high": accuracy + 0.01}
        rows.append(row | {"class": ""})
    ran["text"] = Group("mobilenet", "pretrained", Protocol(4, "float32"), ("text",))
    return practice.find(SETTINGS, ran, pd.DataFrame(rows))


def test_only_what_trained_on_the_sets_that_the_data_come_with_is_shown(found):
    assert found["groups"] == list(ACCURACIES)


def test_the_curve_has_the_ways_of_training_that_were_tried_on_fewer_images(found):
    assert [row["run"] for row in found["curve"]] == ["few", "head-few", "all"]
