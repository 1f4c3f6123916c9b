"""Few photos: either what is missing is said before anything is computed, or all stages work."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import settings_files
import sources
import tiny
from fuzzing import result_or_message
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from small_sets import write_faces

from fer_transfer.recognise.model import Model
from fer_transfer.report import shown, vega
from fer_transfer.results import inputs
from stages import (
    assess,
    choose,
    evaluate,
    features,
    plot,
    split,
    train,
    views,
    weights,
)

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (200, 48, 48), np.uint8)
ENTRY = {"variant": "tiny-frozen", "backbone": "tiny", "split": "people"}


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    tiny.install(monkeypatch)
    monkeypatch.delenv("FER_MIRROR", raising=False)


def write_settings(folder: Path, by: str, **changes: Any) -> None:
    variant = {"backbone": "tiny", "weights": "pretrained", "trainable_layers": 0}
    settings_files.write(
        source=settings_files.DEMO,
        data={"source": str(folder), "watch": str(folder)},
        splits={"people": {"by": by, "val": 0.1, "test": 0.2, "seed": 1}},
        variants={"tiny-frozen": variant},
        runs={"tiny": ENTRY | {"seed": 1}},
        searches={"tiny": ENTRY},
        train={"epochs": 1},
        **changes,
    )


def write_photos(folder: Path, people: list[list[int]]) -> None:
    """Write an image for each person of each class, person 0 unnamed, and a manifest."""
    shown = [(label, person) for label, row in enumerate(people) for person in row]
    lines = ["path,label,person"]
    for number, (label, person) in enumerate(shown):
        name = f"{number}.png"
        sources.write_files(folder, {name: sources.encoded(IMAGES[number])})
        lines.append(f"{name},class {label},{f'person {person}' if person else ''}")
    sources.write_files(folder, {"manifest.csv": "\n".join(lines)})


@pytest.fixture(scope="module")
def started(tmp_path_factory) -> Path:
    """The folder of the weights that every network starts from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("started"))
        tiny.install(patch)
        write_settings(Path("photos"), "person")
        weights.main("tiny-frozen")
        return Path("data/weights").resolve()


def read_and_split() -> None:
    sources.read_written()
    split.main("people")


@settings(max_examples=3, phases=[Phase.explicit, Phase.generate])
@given(
    st.lists(
        st.lists(st.integers(0, 4), min_size=1, max_size=7), min_size=2, max_size=4
    ),
    st.sampled_from(["person", "random"]),
    st.integers(0, 2),
    st.integers(2, 5),
)
@example([[0] * 3, [0] * 3], "person", 1, 2)
@example([[1, 2, 3], [1, 2, 3, 4, 4, 4, 4]], "person", 1, 2)
@example([[0] * 60, [0] * 3], "person", 1, 2)
@example([[0] * 5, [0] * 5, [0] * 2], "person", 0, 3)
@example([[1, 2], [1, 2, 2]], "person", 1, 2)
def test_few_photos_are_enough_for_a_model_or_split_says_what_is_missing(
    tmp_path_factory, monkeypatch, started, people, by, num_views, folds
):
    folder = tmp_path_factory.mktemp("few")
    monkeypatch.chdir(folder)
    tried = {"classifiers": ["logistic", "lda", "knn", "linear-svm"], "largest": 100}
    choices = {"views": {"number": num_views}, "choose": tried | {"folds": folds}}
    write_settings(folder / "photos", by, **choices)
    write_photos(folder / "photos", people)
    _, message = result_or_message(read_and_split)
    if message:
        assert "Use more" in message or "Add " in message
        # Named people may be too few, or show several classes; unnamed ones are all different.
        assert any(map(any, people)) or min(map(len, people)) < 3
        return
    shutil.copytree(started, "data/weights")
    features.main("tiny-frozen")
    views.main("tiny")
    choose.main("tiny")
    assess.main()
    model = Model("data/model/people.onnx")
    probabilities = model.probabilities(np.array(IMAGES[0]))
    assert probabilities.shape == (len(people),)
    assert probabilities.sum() == pytest.approx(1, abs=1e-3)


def test_three_photos_of_each_class_are_enough_to_train_a_network(
    tmp_path, monkeypatch, started
):
    monkeypatch.chdir(tmp_path)
    write_settings(tmp_path / "photos", "person")
    write_photos(tmp_path / "photos", [[0] * 3, [0] * 3])
    read_and_split()
    shutil.copytree(started, "data/weights")
    features.main("tiny-frozen")
    train.main("tiny")
    evaluate.main("tiny")
    assert Path("metrics/test/tiny.json").exists()


def test_figures_and_page_show_the_classes_that_few_photos_have(tmp_path, monkeypatch):
    """Six photos of three classes of one's own; one is not in the test set, a fourth nowhere."""
    monkeypatch.chdir(tmp_path)
    labels = np.array([0, 1, 2, 0, 1, 2])
    classes = ("bored", "confused", "happy", "sad")
    write_faces(labels, IMAGES[:6], classes=classes)
    data = inputs.Data(classes, labels, {"people": {"examples": np.array([3, 2])}})
    study = {"data": "photos", "ran": {}, "uninformative": []}
    none = pd.DataFrame()
    results = shown.Shown(study, data, {}, {}, none, none, vega.styles_of({}), {}, True)
    drawn = [path.name for path, *_ in plot.draw_faces(results)]
    assert drawn == ["figure-01.png", "figure-11.png", "figure-13.png"]
    picked = shown.pick_faces(data.labels, classes)
    assert [len(rows) for rows in picked.values()] == [2, 2, 2, 0]
    examples = inputs.read_examples(data, {})
    rows = {name: row for name, (row, _) in examples.items()}
    assert rows == {"bored": 3, "happy": 2}
