from pathlib import Path

import numpy as np
import pytest
import settings_files
from hypothesis import given as given_any
from hypothesis import strategies as st
from small_sets import write_faces

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results.paper import CLASS_COUNTS
from fer_transfer.splitting import groups, splits
from stages import split

# Table 1 in the order of the codes.
TABLE_1 = [CLASS_COUNTS[emotion] for emotion in EMOTIONS]
SIZES = {"train": 70, "val": 14, "test": 21}


@pytest.fixture(scope="module")
def labels():
    return np.repeat(np.arange(7, dtype=np.uint8), TABLE_1)


@pytest.fixture(scope="module")
def rows(labels):
    return splits.stratified(labels, 0.1, 0.2, 42)


def test_the_sets_have_the_sizes_of_section_3_1_and_the_emotions_their_shares(
    labels, rows
):
    sizes = {name: len(part) for name, part in rows.items()}
    assert sizes == {"train": 25_121, "val": 3_589, "test": 7_177}
    in_any = np.sort(np.concatenate(list(rows.values())))
    assert np.array_equal(in_any, np.arange(len(labels)))
    whole = np.bincount(labels) / len(labels)
    for part in rows.values():
        shares = np.bincount(labels[part]) / len(part)
        assert np.abs(shares - whole).max() < 1 / 3_000


def test_the_sets_of_the_papers_tables_train_on_what_is_not_the_same_test_set(
    labels, rows
):
    sets = splits.stratified(labels, None, 0.2, 42)
    assert len(sets["train"]) == 28_710
    assert np.array_equal(sets["train"], np.sort([*rows["train"], *rows["val"]]))
    for name in ("val", "test"):
        assert np.array_equal(sets[name], rows["test"])


def test_too_few_images_of_a_class_is_an_error():
    with pytest.raises(InputError, match="7 images cannot be split into sets of 1"):
        splits.stratified(np.arange(7, dtype=np.uint8), 0.1, 0.2, 42)


def complete(labels, groups, seed=1):
    """Split off 10% and 20% of faces that come without sets, whole groups only."""
    given = {"train": np.arange(len(labels))}
    shares = {"val": 0.1, "test": 0.2}
    return splits.complete(given, labels, groups, shares, seed, EMOTIONS)


def test_no_person_is_in_two_sets_and_classes_keep_their_shares():
    random = np.random.default_rng(0)
    labels, people = random.integers(0, 3, 600), random.integers(0, 60, 600)
    sets = complete(labels, people)
    assert sorted(np.concatenate(list(sets.values()))) == list(range(600))
    assert sum(len(set(people[rows])) for rows in sets.values()) == 60
    for name, share in (("val", 0.1), ("test", 0.2)):
        counts = np.bincount(labels[sets[name]])
        assert np.abs(counts - share * np.bincount(labels)).max() < 5


@given_any(st.lists(st.integers(3, 9), min_size=2, max_size=5), st.integers(0, 99))
def test_three_photos_put_a_class_into_every_set_and_two_into_train_and_test(
    counts, seed
):
    labels = np.repeat(np.arange(len(counts) + 1), [*counts, 2])
    sets = complete(labels, np.arange(len(labels)), seed)
    last = len(counts)
    assert set(labels) - set(labels[sets["val"]]) == {last}
    for name in ("train", "test"):
        assert set(labels[sets[name]]) == set(labels)


def test_classes_of_one_person_cannot_be_held_out_and_are_named():
    labels, people = np.array([0, 0, 0, 3, 3, 4]), np.array([0, 1, 2, 3, 3, 3])
    with pytest.raises(InputError, match="happy, sad: shown by one person or in one"):
        complete(labels, people)


def test_validation_faces_of_one_class_are_an_error_as_no_temperature_can_be_fitted():
    labels = np.repeat([0, 1], [4, 2])
    sets = complete(labels, np.arange(6))
    assert set(labels[sets["val"]]) == {0}
    with pytest.raises(InputError, match="1 validation faces of split `people` do not"):
        splits.check_classes(labels, sets, EMOTIONS, "people")


def test_faces_of_a_person_a_photo_or_a_copy_belong_together():
    people = np.array(["ann", "ann", "", "", ""])
    sources = np.array(["1.jpg", "2.jpg", "3.jpg", "3.jpg", ""])
    owners = groups.by_name(people), groups.by_name(sources)
    copies = np.array([0, 1, 2, 3, 1])  # the last is a copy of ann's second
    assert groups.join(*owners, copies).tolist() == [0, 0, 1, 1, 0]
    together = groups.by_name(
        np.array(["a", "b", "b", "", ""])
    )  # others in ann's photo
    assert groups.join(owners[0], together).tolist() == [0, 0, 0, 1, 2]


@pytest.fixture
def official(tmp_path, monkeypatch):
    """105 images in given sets, which lie mixed; the fifth of the test set is a copy."""
    monkeypatch.chdir(tmp_path)
    order = np.random.default_rng(9).permutation(105)
    part = np.repeat(list(SIZES), list(SIZES.values()))[order]
    codes = (np.arange(105, dtype=np.uint8) % 7)[order]
    write_faces(codes, part=part)
    images = np.array(faces.read_images())
    images[np.flatnonzero(part == "test")[4]] = images[part == "train"][0]
    write_faces(codes, images, part=part)
    settings_files.write_one("openface-random")
    return codes, part


def written(name):
    return files.read_npz(Path(f"data/splits/{name}.npz"))


def test_given_sets_are_kept_and_duplicates_and_examples_are_theirs(official):
    codes, part = official
    split.main("official")
    arrays = written("official")
    for name in SIZES:
        assert arrays[name].tolist() == np.flatnonzero(part == name).tolist()
    assert np.flatnonzero(arrays["test_has_duplicate"]).tolist() == [4]
    assert codes[arrays["examples"]].tolist() == list(range(7))
    assert arrays["test"][4] not in arrays["examples"]
    counts = files.read_json(Path("metrics/split/official.json"))
    assert counts["test_with_duplicate_in_train"] == 1
    assert counts["test"]["total"] == 21


def test_all_splits_have_one_form_and_say_where_validation_and_test_are_the_same(
    official,
):
    forms = []
    for name in ("random", "official", "tables"):
        split.main(name)
        forms.append({key: array.dtype for key, array in written(name).items()})
        warnings = files.read_json(Path(f"metrics/split/{name}.json"))["warnings"]
        told = "validation images are the test images" in "".join(warnings)
        assert told == (name == "tables")
    assert forms[0] == forms[1] == forms[2]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ([""], "data that say which faces are for training"),
        (["train", "test"], "without a val set.*`val: 0.1`"),
        (["train", "test", ""], r"35 of 105 faces have no part"),
    ],
)
def test_data_without_a_given_set_are_an_error_that_says_what_to_set(
    official, part, message
):
    codes, _ = official
    write_faces(codes, part=np.resize(part, 105))
    with pytest.raises(InputError, match=message):
        split.main("official")


def test_a_training_set_without_a_class_is_an_error(official):
    codes, part = official
    codes[(part == "train") & (codes == 2)] = 3
    write_faces(codes, part=part)
    with pytest.raises(InputError, match="`official` has no face of fear"):
        split.main("official")


def test_where_all_faces_are_of_one_person_split_says_that_no_search_is_possible():
    labels, sets = np.repeat([0, 1], 10), np.split(np.arange(20), [12, 16])
    sets = dict(zip(faces.PARTS, sets, strict=True))
    for group, told in ((np.zeros(20), True), (np.arange(20), False)):
        said = " ".join(splits.warnings(labels, sets, ("happy", "sad"), group))
        assert ("no search can cross-validate" in said) == told
