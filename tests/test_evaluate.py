from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import settings_files
from small_sets import write_faces, write_split

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.readers.ferplus import NAMES
from stages import evaluate

NAME = "openface-random"
RUN = Path(f"data/runs/{NAME}/probabilities.npz")
SCORES = Path(f"metrics/test/{NAME}.json")
CALIBRATION = Path(f"metrics/calibration/{NAME}.json")
HISTORY = pd.DataFrame({"epoch": [1, 2], "accuracy": [0.25, 0.5], "loss": [1.75, 1.5]})
HISTORY = HISTORY.assign(val_accuracy=[0.25, 0.375], val_loss=[1.8, 1.7])
VAL, TEST = np.arange(140), np.arange(280, 490)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A trained run that is far too sure: 140 validation and 210 test images."""
    monkeypatch.chdir(tmp_path)
    settings_files.write_one(NAME)
    random = np.random.default_rng(12)
    labels = np.tile(np.arange(7, dtype=np.uint8), 70)
    write_faces(labels)
    split = {
        "val": VAL,
        "test": TEST,
        "test_has_duplicate": np.arange(210) < 30,
        "examples": np.arange(392, 385, -1),
    }
    write_split(**split)
    arrays = {}
    for part in ("val", "test"):
        codes = labels[split[part]]
        logits = 3 * (random.normal(size=(len(codes), 7)) + np.eye(7)[codes])
        powers = np.exp(logits)
        arrays[part] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    files.write_npz(RUN, arrays)
    files.write_csv(RUN.with_name("history.csv"), HISTORY)
    return labels, split, arrays


def test_scores_the_test_set_and_its_deduplicated_part(study):
    labels, _, arrays = study
    evaluate.main(NAME)
    metrics = files.read_json(SCORES)
    assert list(metrics) == ["test", "deduplicated", "baseline"]
    right = arrays["test"].argmax(axis=1) == labels[TEST]
    assert metrics["test"]["images"] == 210
    assert metrics["test"]["accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    angry = right[labels[TEST] == 0].mean()
    assert metrics["test"]["recall"]["angry"] == pytest.approx(angry, abs=1e-6)
    assert metrics["deduplicated"]["images"] == 180
    assert metrics["deduplicated"]["accuracy"] == pytest.approx(
        right[30:].mean(), abs=1e-6
    )
    assert metrics["baseline"]["accuracy"] == pytest.approx(1 / 7, abs=1e-6)


def test_history_predictions_and_examples_go_to_git_in_the_split_s_order(study):
    labels, split, arrays = study
    evaluate.main(NAME)
    written = files.read_csv(Path(f"plots/history/{NAME}.csv"))
    pd.testing.assert_frame_equal(written, HISTORY)
    codes = files.read_codes(Path(f"plots/predictions/{NAME}.txt"))
    assert np.array_equal(codes, arrays["test"].argmax(axis=1))
    table = files.read_csv(Path(f"plots/examples/{NAME}.csv"))
    assert table["row"].tolist() == split["examples"].tolist()
    assert table["emotion"].tolist() == [
        EMOTIONS[code] for code in labels[table["row"]]
    ]
    expected = arrays["test"][table["row"] - TEST[0]]
    assert np.allclose(table[list(EMOTIONS)], expected)


def test_scaling_by_the_validation_set_lowers_error_and_loss_on_the_test_set(study):
    evaluate.main(NAME)
    calibrated = files.read_json(CALIBRATION)
    assert list(calibrated) == ["temperature", "test", "deduplicated", "bins"]
    assert calibrated["temperature"] > 1.5
    for part in ("test", "deduplicated"):
        before, after = calibrated[part]["before"], calibrated[part]["after"]
        assert after["ece"] < before["ece"]
        assert after["loss"] < before["loss"]
        reported = files.read_json(SCORES)[part]["loss"]
        assert before["loss"] == pytest.approx(reported, rel=1e-5)
    for bins in calibrated["bins"].values():
        assert len(bins) == 15
        assert sum(one["images"] for one in bins) == 210


def test_the_temperature_does_not_depend_on_the_test_set(study):
    _, _, arrays = study
    evaluate.main(NAME)
    temperature = files.read_json(CALIBRATION)["temperature"]
    files.write_npz(RUN, arrays | {"test": arrays["test"][::-1]})
    evaluate.main(NAME)
    assert files.read_json(CALIBRATION)["temperature"] == temperature


def test_a_test_set_of_duplicates_alone_leaves_the_other_part_unknown(study):
    _, split, _ = study
    write_split(**split | {"test_has_duplicate": np.ones(210, bool)})
    evaluate.main(NAME)
    unknown = {"ece": None, "loss": None}
    found = files.read_json(CALIBRATION)["deduplicated"]
    assert found == {"before": unknown, "after": unknown}
    assert files.read_json(SCORES)["deduplicated"]["accuracy"] is None


def test_validation_labels_of_one_class_fit_no_temperature(study):
    write_faces(np.full(490, 3))
    with pytest.raises(InputError, match="All 140 validation images have one label"):
        evaluate.main(NAME)


@pytest.fixture
def recipe_run(study):
    """The same run, after training on labels and votes with mirrored images."""
    labels, _, arrays = study
    random = np.random.default_rng(5)
    votes = pd.DataFrame(
        random.multinomial(10, np.full(10, 0.1), 490), columns=list(NAMES)
    )
    for row in range(0, 490, 2):
        votes.loc[row] = np.eye(10, dtype=int)[row % 10] * 10
    write_faces(labels, votes=votes)
    arrays = dict(arrays)
    heads = {"unmirrored_": 7, "votes_": 8, "unmirrored_votes_": 8, "last_": 7}
    for name, classes in heads.items():
        drawn = random.random((210, classes))
        arrays[f"{name}test"] = drawn / drawn.sum(axis=1, keepdims=True)
    files.write_npz(RUN, arrays)
    return votes.iloc[TEST].to_numpy(), arrays


@pytest.mark.parametrize("name", ["unmirrored", "last"])
def test_a_recipe_is_scored_without_the_mirror_image_and_after_its_last_epoch_too(
    study, recipe_run, name
):
    evaluate.main(NAME)
    labels, right = study[0], recipe_run[1][f"{name}_test"].argmax(axis=1)
    expected = np.mean(right == labels[TEST])
    assert files.read_json(SCORES)[name]["accuracy"] == pytest.approx(
        expected, abs=1e-6
    )


def test_a_run_that_learned_from_votes_is_scored_by_what_people_see(recipe_run):
    """Counted by a plain loop: a single vote is dropped, more than half of the rest decide."""
    evaluate.main(NAME)
    scores = files.read_json(SCORES)["votes"]
    votes, arrays = recipe_run
    counted = {"test": [], "deduplicated": [], "unmirrored": [], "plurality": []}
    for number, row in enumerate(votes.tolist()):
        kept = [count if count > 1 else 0 for count in row]
        winner = kept.index(max(kept))
        if winner > 7 or not max(kept):  # unknown, or not a face
            continue
        right = arrays["votes_test"][number].argmax() == winner
        counted["plurality"].append(right)
        if 2 * max(kept) > sum(kept):
            counted["test"].append(right)
            straight = arrays["unmirrored_votes_test"][number].argmax() == winner
            counted["unmirrored"].append(straight)
            counted["deduplicated"] += [right] if number >= 30 else []
    for name, hits in counted.items():
        assert scores[name]["images"] == len(hits)
        assert scores[name]["accuracy"] == pytest.approx(np.mean(hits), abs=1e-6)
    assert len(counted["plurality"]) > len(counted["test"])
    assert list(scores["test"]["recall"])[-1] == "contempt"
