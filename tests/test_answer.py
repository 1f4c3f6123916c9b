"""The answer: which groups are compared, and what is said of them."""

from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fer_transfer.results import answer, compare
from fer_transfer.results.inputs import Data, Result
from fer_transfer.results.protocols import Group, Protocol
from fer_transfer.results.study import Study
from fer_transfer.settings.settings import Run

TEXT, ALL = Protocol(4, "float32"), Protocol("all", "float32")
NUM_TEST = 2_000
SHARES = {
    "openface": 0.41,
    "resnet29": 0.42,
    "mobilenet": 0.58,
    "openface-random": 0.27,
    "openface-all": 0.6,
}


def group(backbone, weights, protocol, *runs):
    return Group(backbone, weights, protocol, runs)


GROUPS = {
    "openface": group("openface", "pretrained", TEXT, "o", "o-43", "o-44"),
    "resnet29": group("resnet29", "pretrained", TEXT, "r", "r-43", "r-44"),
    "mobilenet": group("mobilenet", "pretrained", TEXT, "m", "m-43", "m-44"),
    "openface-random": group("openface", "random", TEXT, "x"),
    "openface-all": group("openface", "pretrained", ALL, "oa"),
}


def split_of(val, test, has_duplicate):
    return {"val": val, "test": test, "test_has_duplicate": has_duplicate}


def make(groups=GROUPS, uninformative=(), splits=None):
    """Make up a study whose runs recognise a share of the test images of 7 classes."""
    random = np.random.default_rng(4)
    labels = np.resize(np.arange(7), 3_000)
    test = np.arange(1_000, 1_000 + NUM_TEST)
    split = split_of(np.arange(500), test, np.zeros(NUM_TEST, bool))
    results = {}
    for name, one in groups.items():
        for run in one.runs:
            right = random.random(len(test)) < SHARES[name]
            predicted = np.where(right, labels[test], (labels[test] + 1) % 7)
            falling = np.linspace(2, 1, 20)
            losses = falling if name == "openface" else falling[::-1]
            val = {"val_accuracy": np.linspace(0.2, 0.4, 20), "val_loss": losses}
            results[run] = Result(pd.DataFrame(val), {}, predicted, {})
    measured = {
        name: {"parameters": {"backbone": 10, "trainable": 95_239}} for name in groups
    }
    return Study(
        SimpleNamespace(
            train=SimpleNamespace(learning_rate=0.0001), runs=defaultdict(Run)
        ),
        Data(tuple("abcdefg"), labels, splits or {"random": split}),
        groups,
        results,
        measured,
        {},
        frozenset(uninformative),
    )


def found(study):
    comparisons = answer.compare_all(study)
    compare.correct(comparisons)
    return comparisons


def test_every_network_of_faces_is_compared_with_every_one_of_imagenet():
    """The answer once took one network for "faces" that its tables did not."""
    pairs = answer.pairs(GROUPS)
    assert [one[1:] for one in pairs if one[0] == answer.FACES_OR_IMAGENET] == [
        ("openface", "mobilenet"),
        ("resnet29", "mobilenet"),
    ]
    assert [one[1:] for one in pairs if one[0] == answer.PRETRAINING] == [
        ("openface", "openface-random")
    ]


@pytest.mark.parametrize(
    "protocol",
    [
        TEXT._replace(precision="bfloat16"),
        TEXT._replace(split="official"),
        TEXT._replace(recipe=(("dropout", 0.5),)),
    ],
)
def test_no_comparison_mixes_protocols(protocol):
    other = GROUPS["mobilenet"]._replace(protocol=protocol)
    assert answer.pairs({"o": GROUPS["openface"], "m": other}) == []


def test_backbones_are_compared_each_at_its_own_input_size_and_learning_rate():
    recipe = Protocol("all", "float32", recipe=(("augment", True),))
    own = (("size", 96), ("learning_rate", 0.001))
    small = recipe._replace(recipe=(*own, *recipe.recipe))
    shown = {
        "o": group("openface", "pretrained", recipe, "o"),
        "m": group("mobilenet", "pretrained", small, "m"),
        "random": group("mobilenet", "random", recipe, "random"),
    }
    [pair] = answer.pairs(shown)
    assert pair == (answer.FACES_OR_IMAGENET, "o", "m")


def test_where_both_keep_their_best_epochs_the_last_are_not_compared_again():
    study, ran = make(), GROUPS
    # With another patience the best epochs are not compared with each other.
    for name, patience in (("openface", 20), ("mobilenet", 10), ("mobilenet", 20)):
        compared = [row["groups"] for row in found(study)]
        assert ["openface", "mobilenet"] in compared
        best = TEXT._replace(recipe=(("early_stopping", patience),))
        ran = ran | {f"{name}-best": GROUPS[name]._replace(protocol=best)}
        measured = {**study.measured, f"{name}-best": study.measured[name]}
        study = replace(study, ran=ran, measured=measured)
    compared = [row["groups"] for row in found(study)]
    assert ["openface", "mobilenet"] not in compared
    assert ["openface-best", "mobilenet-best"] in compared


def test_with_three_seeds_on_either_side_there_is_an_interval_over_seeds_and_images():
    row = found(make())[0]
    assert row["groups"] == ["openface", "mobilenet"]
    assert row["outcome"] == "less"
    assert row["seeds"] == [3, 3]
    low, high = row["interval"]
    assert row["difference"] == row["left"] - row["right"]
    assert low < row["difference"] < high < 0
    # Of the images alone: two shares of 2,000 images, hardly correlated.
    assert high - low > 2 * 1.96 * np.sqrt(2 * 0.24 / 3 / NUM_TEST)


def test_with_one_seed_there_is_none_but_the_scatter_of_the_last_ten_epochs():
    [row] = [one for one in found(make()) if one["seeds"] == [3, 1]]
    assert (row["interval"], row["outcome"]) == (None, "not tested")
    assert row["why"] == "openface-random has 1 of 3 seeds"
    scatter = np.linspace(0.2, 0.4, 20)[-10:].std(ddof=1)
    assert row["scatter"] == pytest.approx([scatter] * 2)


def test_a_headline_counts_the_outcomes_of_the_comparisons_that_are_tested():
    comparisons = found(make())
    headlines = {key: answer.headline(key, comparisons) for key in answer.BETTER}
    assert headlines == {
        answer.FACES_OR_IMAGENET: "Of 2 comparisons with three seeds on each side: "
        "the network pretrained on ImageNet is more accurate in 2.",
        answer.PRETRAINING: "No comparison has three seeds on each side yet, so none is "
        "tested.",
    }


def test_a_comparison_says_how_many_weights_train_and_what_has_not_converged():
    row = found(make())[0]
    assert row["trainable"] == [95_239] * 2
    assert row["still_learning"] == [True, False]


@pytest.mark.parametrize(("labels", "outputs"), [("both", 7 + 8), ("ferplus", 8)])
def test_the_head_for_votes_counts_among_the_weights_that_train(labels, outputs):
    """OpenFace gives a head 128 numbers; the features stage counts a head of seven classes."""
    study = make()
    study.settings.runs["openface"] = Run(labels=labels)
    votes = {"test": {"recall": dict.fromkeys("abcdefgh", 0.5)}}
    study.results["o"].test["votes"] = votes
    counted = answer.describe(study, "openface")["trainable"]
    assert counted == 95_239 + 129 * (outputs - 7)


def test_a_learning_rate_that_falls_to_zero_says_nothing_of_what_is_still_learning():
    study = make()
    study.settings.runs["openface"] = Run(schedule="cosine")
    assert answer.describe(study, "openface")["still_learning"] is False


def test_of_a_recipe_labels_and_learning_rates_are_said_and_which_group_has_it():
    recipe = ("labels", "ferplus"), ("augment", True), ("dropout", 0.4)
    protocol = Protocol("all", "float32", "own", recipe)
    ran = {
        name: GROUPS[name]._replace(protocol=protocol)
        for name in ("openface", "mobilenet")
    }
    study = make(groups=ran)
    study.settings.runs["mobilenet"] = Run(learning_rate=0.001)
    said = answer.conditions(study, "openface", "mobilenet")
    rates = "learning rate 0.0001 and 0.001"
    assert said.endswith(f"r, labels ferplus, split own, recipe of openface ({rates})")


def test_uninformative_features_have_no_part_in_the_answer():
    rows = found(make(uninformative=["openface"]))
    assert [row["groups"] for row in rows] == [["resnet29", "mobilenet"]]


@pytest.mark.parametrize("validates_on_test", [True, False])
def test_where_validation_is_the_test_or_every_test_image_in_train_nothing_is_answered(
    validates_on_test,
):
    test = np.arange(1_000, 1_000 + NUM_TEST)
    val = test if validates_on_test else np.arange(9)
    has_duplicate = np.full(NUM_TEST, not validates_on_test)
    split = split_of(val, test, has_duplicate)
    assert found(make(splits={"random": split})) == []
