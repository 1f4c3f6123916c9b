from pathlib import Path

import numpy as np
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.scoring import scores
from stages import calibrate

RUN = Path("data/runs/tiny/probabilities.npz")
OUTPUT = Path("metrics/calibration/tiny.json")


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A trained run `tiny` that is far too sure: 140 validation and 210 test images."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(12)
    labels = np.tile(np.arange(7, dtype=np.uint8), 70)
    val, test = np.arange(140), np.arange(280, 490)
    has_duplicate = np.arange(210) < 30
    files.write_npz(Path("data/labels.npz"), {"labels": labels})
    split = {"val": val, "test": test, "test_has_duplicate": has_duplicate}
    files.write_npz(Path("data/split.npz"), split)
    arrays = {}
    for part, rows in (("val", val), ("test", test)):
        logits = 3 * (random.normal(size=(len(rows), 7)) + np.eye(7)[labels[rows]])
        powers = np.exp(logits)
        arrays[part] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    files.write_npz(RUN, arrays)
    return labels, split, arrays


def test_scaling_by_the_validation_set_lowers_error_and_loss_on_the_test_set(study):
    calibrate.main("tiny")
    found = files.read_json(OUTPUT)
    assert list(found) == ["temperature", "test", "deduplicated", "bins"]
    assert found["temperature"] > 1.5
    for part in ("test", "deduplicated"):
        assert found[part]["after"]["ece"] < found[part]["before"]["ece"]
        assert found[part]["after"]["loss"] < found[part]["before"]["loss"]


def test_the_loss_before_is_the_one_that_evaluate_reports(study):
    labels, split, arrays = study
    calibrate.main("tiny")
    found = files.read_json(OUTPUT)
    expected = scores.score(labels[split["test"]], arrays["test"])["loss"]
    assert found["test"]["before"]["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_temperature_owes_nothing_to_the_test_set(study):
    _, _, arrays = study
    calibrate.main("tiny")
    temperature = files.read_json(OUTPUT)["temperature"]
    files.write_npz(RUN, arrays | {"test": arrays["test"][::-1]})
    calibrate.main("tiny")
    assert files.read_json(OUTPUT)["temperature"] == temperature


def test_the_bins_hold_every_test_image_before_and_after(study):
    calibrate.main("tiny")
    for bins in files.read_json(OUTPUT)["bins"].values():
        assert len(bins) == 15
        assert sum(one["images"] for one in bins) == 210


def test_a_test_set_of_duplicates_alone_leaves_the_other_part_unknown(study):
    _, split, _ = study
    duplicates = {"test_has_duplicate": np.ones(210, bool)}
    files.write_npz(Path("data/split.npz"), split | duplicates)
    calibrate.main("tiny")
    unknown = {"ece": None, "loss": None}
    assert files.read_json(OUTPUT)["deduplicated"] == {
        "before": unknown,
        "after": unknown,
    }


def test_two_runs_write_the_same_bytes(study):
    calibrate.main("tiny")
    first = OUTPUT.read_bytes()
    calibrate.main("tiny")
    assert OUTPUT.read_bytes() == first


def refuses(message: str) -> None:
    with pytest.raises(InputError, match=message):
        calibrate.main("tiny")
    assert not OUTPUT.exists()


def test_a_run_that_was_not_trained_is_named_with_the_command_that_trains_it(study):
    RUN.unlink()
    refuses("`tiny` has not been trained here. Run `dvc repro calibrate@tiny`")


def test_probabilities_without_a_validation_set_are_refused(study):
    _, _, arrays = study
    files.write_npz(RUN, {"test": arrays["test"]})
    refuses("has no `val`")


def test_probabilities_of_another_split_are_refused(study):
    _, _, arrays = study
    files.write_npz(RUN, arrays | {"val": arrays["val"][:5]})
    refuses(r"do not belong to data/split.npz: expected shape \(140, 7\), got \(5, 7\)")


@pytest.mark.parametrize("part", ["val", "test"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -0.25, 1.5])
def test_what_is_no_probability_is_refused(study, part, value):
    _, _, arrays = study
    arrays[part][3, 2] = value
    files.write_npz(RUN, arrays)
    refuses(f"The {part} probabilities of `tiny` are none: some are not a number")


def test_an_image_without_any_probability_is_refused(study):
    _, _, arrays = study
    arrays["val"][3] = 0
    files.write_npz(RUN, arrays)
    refuses("those of an image are all 0")


def test_validation_labels_of_one_emotion_fit_no_temperature(study):
    labels, _, _ = study
    files.write_npz(Path("data/labels.npz"), {"labels": np.full_like(labels, 3)})
    refuses("All 140 validation images have one label")
