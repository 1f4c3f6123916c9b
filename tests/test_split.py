from pathlib import Path

import numpy as np
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.settings.settings import Split
from stages import split

# Table 1 in the order of the codes.
TABLE_1 = [4_953, 547, 5_121, 8_989, 6_077, 4_002, 6_198]
SHARES = Split(val=0.1, test=0.2, seed=42)
PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def labels():
    return np.repeat(np.arange(7, dtype=np.uint8), TABLE_1)


@pytest.fixture(scope="module")
def rows(labels):
    return split.split_rows(labels, SHARES)


def test_sizes_are_those_of_section_3_1(rows):
    sizes = {name: len(part) for name, part in rows.items()}
    assert sizes == {"train": 25_121, "val": 3_589, "test": 7_177}


def test_every_image_is_in_exactly_one_set(labels, rows):
    split_up = np.concatenate(list(rows.values()))
    assert np.array_equal(np.sort(split_up), np.arange(len(labels)))


def test_every_emotion_has_its_share_in_every_set(labels, rows):
    whole = np.bincount(labels) / len(labels)
    for part in rows.values():
        shares = np.bincount(labels[part]) / len(part)
        assert np.abs(shares - whole).max() < 1 / 3_000


def test_another_seed_splits_otherwise(labels, rows):
    other = split.split_rows(labels, Split(val=0.1, test=0.2, seed=43))
    assert not np.array_equal(other["test"], rows["test"])


def test_too_few_images_of_an_emotion_is_an_error():
    with pytest.raises(InputError, match="7 images cannot be split into sets of 1"):
        split.split_rows(np.arange(7, dtype=np.uint8), SHARES)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        pytest.param(
            [1_000, 1_000, 2, 1_000, 1_000, 1_000, 1_000],
            "none that shows fear, of which there are 2 in all",
            id="an emotion too rare",
        ),
        pytest.param(
            [100, 0, 100, 100, 100, 100, 100],
            "none that shows disgust, of which there are 0 in all",
            id="an emotion that is missing",
        ),
    ],
)
def test_a_set_without_an_emotion_is_an_error(counts, message):
    labels = np.repeat(np.arange(7, dtype=np.uint8), counts)
    with pytest.raises(InputError, match=message):
        split.split_rows(labels, SHARES)


def test_examples_are_of_each_emotion_and_fresh_where_they_can_be():
    labels = np.array([0, 0, 1, 1, 2, 3, 4, 5, 6])
    has_duplicate = np.array([1, 0, 0, 1, 1, 0, 0, 0, 0], bool)
    chosen = split.choose_examples(labels, np.arange(9), has_duplicate, 1)
    assert labels[chosen].tolist() == list(range(7))
    assert chosen[:3].tolist() == [1, 2, 4]


def test_the_stage_marks_duplicates_and_writes_the_same_bytes_twice(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text((PROJECT / "params.yaml").read_text())
    labels = np.arange(70, dtype=np.uint8) % 7
    rows = split.split_rows(labels, SHARES)
    duplicate, original = rows["test"][3], rows["train"][0]
    groups = np.arange(70)
    groups[[duplicate, original]] = min(duplicate, original)
    files.write_npz(Path("data/labels.npz"), {"labels": labels, "groups": groups})
    split.main()
    first = Path("data/split.npz").read_bytes()
    written = files.read_npz(Path("data/split.npz"))
    assert np.flatnonzero(written["test_has_duplicate"]).tolist() == [3]
    assert duplicate not in written["examples"]
    counts = files.read_json(Path("metrics/split.json"))
    assert counts["test_with_duplicate_in_train"] == 1
    assert counts["test"] == {"total": 14, **dict.fromkeys(split.EMOTIONS, 2)}
    split.main()
    assert Path("data/split.npz").read_bytes() == first
