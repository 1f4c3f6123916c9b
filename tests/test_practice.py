"""How good networks get on the data's own sets, from how many images; which model to use."""

from types import SimpleNamespace

import pandas as pd
import pytest

from fer_transfer.results import practice
from fer_transfer.results.protocols import Group, Protocol
from fer_transfer.scoring.wilson import wilson_interval

IMAGES = 100
SETTINGS = SimpleNamespace(
    splits={
        name: SimpleNamespace(by=by)
        for name, by in {"random": "random", "own": "parts", "own-2": "parts"}.items()
    }
)
ACCURACIES = {
    "few": ("all", 50, 0.42, "own"),
    "all": ("all", None, 0.72, "own"),
    "head-few": (0, 50, 0.45, "own"),
    "other": (4, None, 0.6, "own"),
    "all-again": ("all", None, 0.7, "own-2"),
    "half": ("all", None, 0.6, "own"),
    "large": ("all", None, 0.9, "own"),
}


@pytest.fixture
def found():
    ran, rows = {}, []
    for name, (layers, number, accuracy, split) in ACCURACIES.items():
        recipe = (("train_per_class", number),) if number else ()
        recipe += (("train_share", 0.5),) * (name == "half")
        recipe += (("size", 224),) * (name == "large")
        protocol = Protocol(layers, "float32", split, recipe)
        ran[name] = Group("mobilenet", "pretrained", protocol, (name,))
        row = {"group": name, "run": name, "metric": "accuracy", "set": "test"}
        row |= {"value": accuracy, "low": accuracy - 0.01, "high": accuracy + 0.01}
        alone = {"set": "unmirrored", "value": accuracy - 0.02}
        rows += [row | alone, row] if name == "few" else [row]
    ran["text"] = Group("mobilenet", "pretrained", Protocol(4, "float32"), ("text",))
    results = {
        name: SimpleNamespace(
            test={"test": {"recall": {"happy": share, "sad": None}}},
            calibration={"test": {"before": {"ece": share}, "after": {"ece": 0.01}}},
        )
        for name, share in {**dict.fromkeys(ran, 0.6), "all-43": 0.8}.items()
    }
    ran["all"] = ran["all"]._replace(runs=("all", "all-43"))
    return practice.find(
        SimpleNamespace(settings=SETTINGS, ran=ran, results=results), pd.DataFrame(rows)
    )


def test_only_what_trained_on_the_sets_that_the_data_come_with_is_shown(found):
    assert list(found["by_class"]) == list(ACCURACIES)


def test_the_curve_has_the_ways_of_training_that_were_tried_on_fewer_images_of_one_split(
    found,
):
    assert [row["run"] for row in found["curve"]] == ["few", "head-few", "all"]


def test_the_curve_compares_accuracies_without_mirror_images(found):
    assert [row["value"] for row in found["curve"]] == pytest.approx([0.4, 0.45, 0.72])


def test_recall_and_calibration_are_means_over_seeds_without_classes_that_no_image_shows(
    found,
):
    assert found["by_class"]["few"]["recall"] == {"happy": 0.6}
    all_images = found["by_class"]["all"]
    assert all_images["recall"] == {"happy": pytest.approx(0.7)}
    errors = {"before": 0.7, "after": 0.01}
    assert all_images["calibration_error"] == pytest.approx(errors)


def assessed(right):
    score = {"images": IMAGES, "accuracy": right / IMAGES, "macro_f1": 0.5}
    return {
        "people": {
            "model": {
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
        row = {"run": name, "group": name.partition("-")[0], "weights": "pretrained"}
        row |= {"network": "MobileNet", "split": split, "class": ""}
        row |= {"value": number / IMAGES, "low": low, "high": high}
        rows += [
            row | {"metric": metric, "set": part}
            for metric in ("accuracy", "macro_f1")
            for part in ("val", "test", "deduplicated")
        ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("networks", "use", "why"),
    [
        ({"a": 60, "b": 80}, "b", "lies above the classifier's"),
        ({"a": 60, "b": 55}, "mobilenet/logistic", "is not below that of the network"),
        ({"a": 20, "b": 30}, "mobilenet/logistic", "lies above that of the network"),
    ],
)
def test_a_network_is_to_be_used_where_its_interval_lies_above_the_classifier_s(
    networks, use, why
):
    [compared] = practice.compare(runs(**networks), assessed(54)).values()
    assert compared["use"] == use
    assert why in compared["why"]


def test_the_network_is_chosen_by_validation_and_not_by_test():
    table = runs(lucky=82, better=80)
    is_validation = (table["run"] == "better") & (table["set"] == "val")
    table.loc[is_validation, "value"] = 0.9
    [compared] = practice.compare(table, assessed(54)).values()
    assert compared["use"] == "better"


def test_of_each_group_the_run_that_is_best_on_validation_is_listed():
    table = pd.concat([runs(**{"a": 60, "a-43": 62}), runs(b=61)])
    [compared] = practice.compare(table, assessed(54)).values()
    names = [model["name"] for model in compared["models"]]
    assert names == ["a-43", "b", "mobilenet/logistic"]


def test_a_network_that_kept_its_best_epoch_is_chosen_by_that_one():
    kept = runs(a=80)
    earlier = kept[kept["set"] == "val"].assign(value=0.95)
    last = kept[kept["set"] == "test"].assign(set="last")
    table = pd.concat([earlier, kept, last, runs(b=82)])
    [compared] = practice.compare(table, assessed(54)).values()
    assert compared["use"] == "a"


def test_a_network_is_scored_as_its_file_predicts_without_mirror_images():
    alone = runs(a=60).replace({"set": {"test": "unmirrored"}})
    [compared] = practice.compare(pd.concat([runs(a=80), alone]), assessed(54)).values()
    assert compared["use"] == "mobilenet/logistic"
    best = compared["models"][0]
    assert (best["accuracy"], best["deduplicated"]) == (0.6, None)


def test_networks_of_another_split_are_not_compared():
    assert practice.compare(runs(split="random", a=60), assessed(54)) == {}
