import drawn
import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from algorithm import split
from algorithm.lib import groups
from algorithm.lib.dataset import Dataset
from algorithm.lib.settings import Split
from fer_transfer.console.errors import InputError
from fer_transfer.core import files

SHARES = Split(val=0.1, test=0.2, seed=42)


@pytest.fixture
def at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn.write_settings()
    return tmp_path


def run():
    split.main()
    found = files.read_npz(drawn.FOLDER / "split.npz")
    return found, files.read_json(split.Path("metrics/algorithm/split.json"))


def test_every_face_is_in_one_set_and_nobody_in_two(at):
    _, _, people = drawn.draw()
    found, metrics = run()
    sets = [found[name] for name in split.PARTS]
    assert sorted(np.concatenate(sets).tolist()) == list(range(126))
    who = [set(people[rows]) for rows in sets]
    assert not who[0] & who[1]
    assert not who[0] & who[2]
    assert not who[1] & who[2]
    assert metrics["by"] == "person"
    assert metrics["leakage"]["person_in_train"] == 0


def test_shares_are_about_those_asked_for():
    random = np.random.default_rng(0)
    labels, people = random.integers(0, 7, 3000), random.integers(0, 300, 3000)
    sets = split.split_rows(labels, people, np.array([""] * 3000), SHARES)
    shares = {name: len(rows) / 3000 for name, rows in sets.items()}
    assert shares == pytest.approx({"train": 0.7, "val": 0.1, "test": 0.2}, abs=0.02)


def test_a_copy_stays_with_its_original_mirrored_or_not(at):
    images, labels, _ = drawn.draw(num_faces=84)
    copied = np.concatenate([images, images[:40], images[40:80, :, ::-1]])
    again = np.concatenate([labels, labels[:40], labels[40:80]])
    drawn.write_faces(copied, again, [""] * len(again))
    found, metrics = run()
    side = np.empty(len(again), int)
    for number, name in enumerate(split.PARTS):
        side[found[name]] = number
    assert (side[84:] == side[:80]).all()
    assert metrics["leakage"]["copy_in_train_mirrored_or_not"] == 0
    assert not found["test_has_duplicate"].any()


def test_faces_that_share_a_person_or_a_copy_form_one_group():
    images = np.zeros((5, 48, 48), np.uint8)
    images[:, 0, 0] = [1, 1, 2, 3, 0]  # 0 and 1 are copies
    images[3, 0, 0], images[3, 0, -1] = 0, 2  # 3 is 2, mirrored
    people, photos = np.array(["a", "b", "b", "", ""]), np.array(list("vwxyz"))
    found = groups.group_faces(images, people, photos)
    assert len(set(found[:4])) == 1
    assert found[4] != found[0]


def test_faces_of_one_photo_stay_together_where_nobody_is_named():
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((48, 48), np.uint8)
    found = groups.group_faces(images, np.array([""] * 4), np.array(list("aabc")))
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_sets_that_the_data_come_with_are_kept_and_their_leaks_counted(at):
    parts = np.array(["train", "val", "test"] * 42)
    images, labels, people = drawn.draw(parts=parts)
    images[2] = images[0]  # a test face is a copy of a training face
    drawn.write_faces(images, labels, people, parts)
    found, metrics = run()
    assert all((parts[found[name]] == name).all() for name in split.PARTS)
    assert metrics["val_given"]
    assert found["test_has_duplicate"].sum() == 1
    assert metrics["leakage"]["exact_copy_in_train"] == 1
    assert metrics["leakage"]["person_in_train"] == 42


def test_validation_is_split_off_training_where_only_a_test_set_is_given(at):
    parts = np.array(["train", "train", "test"] * 42)
    drawn.draw(parts=parts)
    found, metrics = run()
    assert (parts[found["test"]] == "test").all()
    assert len(found["test"]) == 42
    assert (parts[found["val"]] == "train").all()
    assert not metrics["val_given"]


def test_without_names_it_says_that_it_cannot_know_people(at):
    images, labels, _ = drawn.draw()
    drawn.write_faces(images, labels, [""] * 126)
    _, metrics = run()
    assert metrics["by"] == "photo"
    assert "Who is shown is not known for 126 of 126" in metrics["warnings"][0]


def test_two_runs_write_the_same_bytes(at):
    drawn.draw()
    run()
    first = (drawn.FOLDER / "split.npz").read_bytes()
    run()
    assert (drawn.FOLDER / "split.npz").read_bytes() == first


SMALL = {
    "one class": ([0] * 9, list("abcdefghi"), r"of one class \(angry\).*another class"),
    "one person": ([0, 1] * 6, ["ann"] * 12, "of 1 person.*more people"),
    "two people": ([0, 1] * 6, ["ann", "bob"] * 6, "of 2 person.*more people"),
    "one image in a class": (
        [0] * 6 + [1] * 6 + [2],
        list("abcdefabcdefa"),
        r"`fear` is shown by 1 face.*needs 3.*gather\.map: \{fear: drop\}",
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_too_few_faces_are_an_error_that_says_what_is_needed(at, name):
    labels, people, message = SMALL[name]
    images = np.random.default_rng(0).integers(0, 255, (len(labels), 48, 48), np.uint8)
    drawn.write_faces(images, np.array(labels), people)
    with pytest.raises(InputError, match=message):
        split.main()


def test_folds_are_scikit_learns_and_no_view_of_a_face_is_on_their_other_side():
    random = np.random.default_rng(3)
    labels, people = random.integers(0, 3, 60), random.integers(0, 12, 60)
    views = np.repeat(np.arange(60), 2)
    data = Dataset(
        labels=np.concatenate([labels, labels[views]]),
        face=np.concatenate([np.arange(60), views]),
        groups=people,
        train=np.arange(60),
        val=np.arange(0),
        test=np.arange(0),
        test_has_duplicate=np.zeros(0, bool),
    )
    cut = StratifiedGroupKFold(4, shuffle=True, random_state=5)
    expected = [test for _, test in cut.split(labels, labels, people)]
    for (rows, scored), test in zip(
        data.folds(data.train, 4, 5), expected, strict=True
    ):
        assert (scored == test).all()  # faces alone, no views
        assert len(rows) == 3 * (60 - len(test))
        assert not set(people[data.face[rows]]) & set(people[scored])
