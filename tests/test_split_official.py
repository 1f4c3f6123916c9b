from pathlib import Path

import numpy as np
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.settings.settings import load_settings
from stages import split

PROJECT = Path(__file__).parents[1]
SHARES = {"Training": 70, "PublicTest": 14, "PrivateTest": 21}


@pytest.fixture
def images(tmp_path, monkeypatch):
    """105 images in the competition's sets, which lie mixed; one of the test is a copy."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(9)
    order = random.permutation(105)
    usages = np.repeat(list(SHARES), list(SHARES.values()))[order]
    labels = (np.arange(105, dtype=np.uint8) % 7)[order]
    groups = np.arange(105)
    copy = np.flatnonzero(usages == "PrivateTest")[4]
    groups[copy] = np.flatnonzero(usages == "Training")[0]
    arrays = {"labels": labels, "usages": usages, "groups": groups}
    files.write_npz(Path("data/labels.npz"), arrays)
    return arrays


def choose(by: str) -> None:
    text = (PROJECT / "params.yaml").read_text()
    assert "  by: random\n" in text
    Path("params.yaml").write_text(text.replace("  by: random\n", f"  by: {by}\n"))


def test_the_competitions_sets_become_train_val_and_test(images):
    choose("official")
    split.main()
    written = files.read_npz(Path("data/split.npz"))
    for name, usage in zip(("train", "val", "test"), SHARES, strict=True):
        expected = [row for row in range(105) if images["usages"][row] == usage]
        assert written[name].tolist() == expected


def test_both_ways_write_the_same_form(images):
    forms = []
    for by in ("random", "official"):
        choose(by)
        split.main()
        arrays = files.read_npz(Path("data/split.npz"))
        counts = files.read_json(Path("metrics/split.json"))
        forms.append(({name: one.dtype for name, one in arrays.items()}, list(counts)))
        assert len(arrays["test_has_duplicate"]) == len(arrays["test"])
        assert counts["test"]["total"] == len(arrays["test"])
    assert forms[0] == forms[1]


def test_duplicates_and_examples_are_those_of_the_official_sets(images):
    choose("official")
    split.main()
    written = files.read_npz(Path("data/split.npz"))
    assert np.flatnonzero(written["test_has_duplicate"]).tolist() == [4]
    assert set(written["examples"]) <= set(written["test"])
    assert images["labels"][written["examples"]].tolist() == list(range(7))
    assert written["test"][4] not in written["examples"]


def test_the_official_sets_depend_on_no_share_and_the_examples_on_the_seed_alone(
    images,
):
    choose("official")
    split.main()
    first = Path("data/split.npz").read_bytes()
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("  val: 0.1\n", "  val: 0.3\n"))
    split.main()
    assert Path("data/split.npz").read_bytes() == first


def test_the_random_split_takes_no_notice_of_the_competitions_sets(images):
    choose("random")
    split.main()
    first = Path("data/split.npz").read_bytes()
    files.write_npz(
        Path("data/labels.npz"), images | {"usages": images["usages"][::-1]}
    )
    split.main()
    assert Path("data/split.npz").read_bytes() == first
    shares = load_settings().split
    expected = split.split_rows(images["labels"], shares)
    written = files.read_npz(Path("data/split.npz"))
    assert all(np.array_equal(written[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["train", "test"], id="a folder copy"),
        pytest.param(["Training", "PublicTest"], id="one set is missing"),
        pytest.param([*SHARES, "more"], id="a set too many"),
    ],
)
def test_a_copy_with_other_sets_is_an_error_that_names_them(images, names):
    usages = np.array((names * 105)[:105])
    files.write_npz(Path("data/labels.npz"), images | {"usages": usages})
    choose("official")
    message = (
        f"This copy of FER2013 has {', '.join(sorted(names))}. .*`split.by` to `random`"
    )
    with pytest.raises(InputError, match=message):
        split.main()


def test_an_official_set_without_an_emotion_is_an_error(images):
    labels = images["labels"].copy()
    labels[(images["usages"] == "PublicTest") & (labels == 2)] = 3
    files.write_npz(Path("data/labels.npz"), images | {"labels": labels})
    choose("official")
    with pytest.raises(
        InputError,
        match=r"val set of 14 images has none that shows fear.*set another `split`",
    ):
        split.main()


def test_any_other_way_is_refused(images):
    choose("kaggle")
    with pytest.raises(
        InputError, match=r"`split\.by` in params\.yaml must be one of `random`"
    ):
        split.main()
