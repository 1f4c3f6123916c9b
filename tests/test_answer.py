import numpy as np
import pytest
from scipy import stats

from fer_transfer.results import answer
from fer_transfer.results.protocols import Group, Protocol

TEXT, ALL = Protocol(4, "float32"), Protocol("all", "float32")


def correct(share: float, seed: int, number: int = 2000) -> np.ndarray:
    return np.random.default_rng(seed).random(number) < share


def study() -> tuple[dict[str, Group], dict[str, np.ndarray]]:
    groups = {
        "openface-pretrained": Group(
            "openface", "pretrained", TEXT, ("o", "o-43", "o-44")
        ),
        "mobilenet-pretrained": Group(
            "mobilenet", "pretrained", TEXT, ("m", "m-43", "m-44")
        ),
        "resnet50-pretrained": Group("resnet50", "pretrained", TEXT, ("r",)),
        "openface-random": Group("openface", "random", TEXT, ("x",)),
        "openface-pretrained-all": Group("openface", "pretrained", ALL, ("oa",)),
    }
    shares = {"o": 0.41, "m": 0.58, "r": 0.5, "x": 0.27, "oa": 0.6}
    runs = [run for group in groups.values() for run in group.runs]
    return groups, {
        run: correct(shares[run.split("-")[0]], number)
        for number, run in enumerate(runs)
    }


FINAL = {
    "openface-pretrained": {"val_accuracy": 0.41},
    "mobilenet-pretrained": {"val_accuracy": 0.60},
    "resnet50-pretrained": {"val_accuracy": 0.50},
    "openface-random": {"val_accuracy": 0.27},
    "openface-pretrained-all": {"val_accuracy": 0.60},
}


def test_the_best_of_either_kind_are_compared_under_each_protocol_that_has_both():
    groups, runs = study()
    (found,) = answer.find(groups, runs, FINAL)["faces_or_imagenet"]
    assert found["protocol"] == "last 4 layers"
    assert (found["left"], found["right"]) == (
        "openface-pretrained",
        "mobilenet-pretrained",
    )
    assert found["verdict"] == "less"
    assert found["seeds"] == [3, 3]


def test_with_three_seeds_on_either_side_the_interval_is_welchs():
    groups, runs = study()
    (found,) = answer.find(groups, runs, FINAL)["faces_or_imagenet"]
    left, right = (
        [runs[run].mean() for run in groups[found[side]].runs]
        for side in ("left", "right")
    )
    expected = stats.ttest_ind(left, right, equal_var=False).confidence_interval(0.95)
    assert found["by"] == "seeds"
    assert found["interval"] == pytest.approx([expected.low, expected.high])


def test_with_fewer_it_is_that_of_the_paired_difference_over_images():
    groups, runs = study()
    (found,) = answer.find(groups, runs, FINAL)["pretraining"]
    assert (found["left"], found["right"], found["by"]) == (
        "openface-pretrained",
        "openface-random",
        "images",
    )
    paired = runs["o"].astype(float) - runs["x"]
    random = np.random.default_rng(0)
    resampled = random.choice(paired, (4000, len(paired))).mean(axis=1)
    margin = (found["interval"][1] - found["interval"][0]) / 2
    assert margin == pytest.approx(1.96 * resampled.std(), rel=0.05)


def test_where_one_kind_did_not_run_nothing_is_answered():
    groups, runs = study()
    only = {"openface-pretrained-all": groups["openface-pretrained-all"]}
    assert answer.find(only, runs, FINAL) == {
        "faces_or_imagenet": [],
        "pretraining": [],
    }


def test_runs_in_two_precisions_are_two_protocols():
    groups, runs = study()
    other = Protocol(4, "bfloat16")
    mixed = {
        "openface-pretrained": groups["openface-pretrained"],
        "mobilenet-pretrained": groups["mobilenet-pretrained"]._replace(protocol=other),
    }
    assert answer.find(mixed, runs, FINAL)["faces_or_imagenet"] == []
