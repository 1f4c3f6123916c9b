import numpy as np
import pandas as pd
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from stages import evaluate

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2],
        "accuracy": [0.25, 0.5],
        "val_accuracy": [0.25, 0.375],
        "loss": [1.75, 1.5],
        "val_loss": [1.8, 1.7],
    }
)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A trained run `tiny`: 70 images, 21 of them for testing, right on all but 3."""
    monkeypatch.chdir(tmp_path)
    labels = np.tile(np.arange(7, dtype=np.uint8), 10)
    test = np.arange(14, 35)
    has_duplicate = np.zeros(21, bool)
    has_duplicate[[0, 7, 8]] = True
    predicted = labels[test].copy()
    predicted[[0, 1, 2]] = 6  # the first of them is a duplicate

    probabilities = np.full((21, 7), 0.1, np.float32)
    probabilities[np.arange(21), predicted] = 0.4
    files.write_npz(tmp_path / "data/labels.npz", {"labels": labels})
    files.write_npz(
        tmp_path / "data/split.npz",
        {
            "test": test,
            "test_has_duplicate": has_duplicate,
            "examples": np.arange(27, 20, -1),
        },
    )
    run = tmp_path / "data/runs/tiny"
    files.write_npz(run / "probabilities.npz", {"test": probabilities})
    files.write_csv(run / "history.csv", HISTORY)
    return tmp_path


def test_scores_the_test_set_and_its_deduplicated_part(study):
    evaluate.main("tiny")
    metrics = files.read_json(study / "metrics/test/tiny.json")
    assert list(metrics) == ["test", "deduplicated", "baseline"]
    assert metrics["test"]["images"] == 21
    assert metrics["test"]["accuracy"] == pytest.approx(18 / 21, abs=1e-6)
    assert metrics["test"]["recall"]["angry"] == pytest.approx(2 / 3, abs=1e-6)
    # Without the duplicates: 18 images, and 2 of the 3 mistakes.
    assert metrics["deduplicated"]["images"] == 18
    assert metrics["deduplicated"]["accuracy"] == pytest.approx(16 / 18, abs=1e-6)
    assert metrics["baseline"]["accuracy"] == pytest.approx(1 / 7, abs=1e-6)


def test_predictions_are_codes_in_the_order_of_the_test_set(study):
    evaluate.main("tiny")
    codes = files.read_codes(study / "plots/predictions/tiny.txt")
    assert codes.tolist() == [6, 6, 6, *range(3, 7), *range(7), *range(7)]


def test_the_history_is_handed_on_as_it_is(study):
    evaluate.main("tiny")
    written = files.read_csv(study / "plots/history/tiny.csv")
    pd.testing.assert_frame_equal(written, HISTORY)


def test_examples_have_the_probabilities_of_their_own_rows(study):
    evaluate.main("tiny")
    table = files.read_csv(study / "plots/examples/tiny.csv")
    assert list(table.columns) == ["emotion", "row", *EMOTIONS]
    assert table["row"].tolist() == list(range(27, 20, -1))
    # None of these rows is among the mistakes: the own emotion has 0.4.
    for _, example in table.iterrows():
        assert example[example["emotion"]] == pytest.approx(0.4)
    assert table["emotion"].tolist() == list(reversed(EMOTIONS))


def test_two_runs_write_the_same_bytes(study):
    def outputs():
        evaluate.main("tiny")
        written = [*study.glob("metrics/*/*"), *study.glob("plots/*/*")]
        return {path: path.read_bytes() for path in written}

    first = outputs()
    assert len(first) == 4
    assert outputs() == first


def test_a_run_that_never_ran_is_named_with_the_command_that_runs_it(study):
    message = "`tinny` has not been trained here. Run `dvc repro evaluate@tinny`"
    with pytest.raises(InputError, match=message):
        evaluate.main("tinny")


def test_probabilities_of_another_split_are_refused(study):
    path = study / "data/runs/tiny/probabilities.npz"
    files.write_npz(path, {"test": np.full((5, 7), 1 / 7, np.float32)})
    message = r"expected shape \(21, 7\), got \(5, 7\)\. Run `dvc repro evaluate@tiny`"
    with pytest.raises(InputError, match=message):
        evaluate.main("tiny")
    assert not (study / "metrics").exists()
