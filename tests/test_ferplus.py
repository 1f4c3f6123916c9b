from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import addresses, ferplus, formats
from fer_transfer.data.fer2013 import EMOTION_FOLDERS, EMOTIONS
from fer_transfer.data.votes import majority

SEEN_AS = list(ferplus.NAMES)
MADE_UP = 60


def votes(**counts: int) -> np.ndarray:
    return pd.DataFrame([[counts.get(name, 0) for name in SEEN_AS]], columns=SEEN_AS)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({"happiness": 10}, "happy", id="all see the same"),
        pytest.param({"fear": 6, "surprise": 4}, "fear", id="more than half"),
        pytest.param({"fear": 5, "surprise": 5}, None, id="half is not more than half"),
        pytest.param(
            {"anger": 4, "disgust": 3, "sadness": 3}, None, id="most, not half"
        ),
        pytest.param(
            {"anger": 5, "sadness": 3, "neutral": 1, "fear": 1},
            "angry",
            id="single votes are dropped before the half is taken",
        ),
        pytest.param(
            {"sadness": 5, "unknown": 3, "anger": 2},
            None,
            id="unknown counts among the votes that are left",
        ),
        pytest.param({"neutral": 4, "unknown": 6}, None, id="unknown wins"),
        pytest.param({"NF": 10}, None, id="not a face"),
        pytest.param(
            {"contempt": 8, "neutral": 2}, None, id="contempt is none of seven"
        ),
        pytest.param(dict.fromkeys(SEEN_AS, 1), None, id="single votes only"),
        pytest.param({}, None, id="no votes"),
    ],
)
def test_the_majority_is_that_of_the_authors_rule(counts, expected):
    code = EMOTIONS.index(expected) if expected else ferplus.NO_MAJORITY
    assert majority(votes(**counts), EMOTIONS).tolist() == [code]


def by_the_authors_words(row: list[int]) -> int:
    """The rule once more, image by image: drop single votes, then ask for more than half."""
    kept = [vote if vote > 1 else 0 for vote in row]
    for name, vote in zip(SEEN_AS, kept, strict=True):
        if vote > sum(kept) / 2 and EMOTION_FOLDERS.get(name):
            return EMOTIONS.index(EMOTION_FOLDERS[name])
    return -1


def test_the_majority_agrees_with_a_plain_loop_on_many_images():
    random = np.random.default_rng(4)
    many = random.multinomial(10, random.dirichlet(np.full(10, 0.4), 500)).astype(
        np.uint8
    )
    expected = [by_the_authors_words(row) for row in many.tolist()]
    assert majority(pd.DataFrame(many, columns=SEEN_AS), EMOTIONS).tolist() == expected
    assert len(set(expected)) == 8


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project that asks for FER+, with a mirror that holds a made-up one of 60 images."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER_MIRROR", "mirror")
    Path("data").mkdir()
    random = np.random.default_rng(6)
    labels = random.integers(0, 7, MADE_UP).astype(np.uint8)
    columns = {EMOTION_FOLDERS.get(name): at for at, name in enumerate(SEEN_AS)}
    cast = np.zeros((MADE_UP, 10), np.uint8)
    for row, label in enumerate(labels):
        cast[row, columns[EMOTIONS[label]]] = 8
    cast[:6] = np.roll(cast[:6], 1, axis=1)  # six are seen otherwise
    usages = np.repeat(["Training", "PublicTest", "PrivateTest"], [40, 10, 10])
    write_images(labels, usages, np.arange(MADE_UP))
    publish(usages, cast)
    return labels, usages, cast


def write_images(labels: np.ndarray, usages: np.ndarray, rows: np.ndarray) -> None:
    global images
    pixels = np.zeros((len(labels), 48, 48), np.uint8)
    images = formats.Images(pixels, labels, usages, rows, False, 0)


def publish(usages: np.ndarray, cast: np.ndarray) -> None:
    table = pd.DataFrame(cast, columns=SEEN_AS)
    table.insert(0, "Image name", [f"fer{row:07}.png" for row in range(len(cast))])
    table.insert(0, "Usage", usages)
    publish_text(table.to_csv(index=False))


def publish_text(text: str) -> None:
    name = addresses.file_name(ferplus.URL)
    Path("mirror").mkdir(exist_ok=True)
    Path(f"mirror/{name}").write_text(text)
    digest = files.digest(Path(f"mirror/{name}"), "sha256")
    Path("mirror/SHA256SUMS").write_text(f"{digest}  {name}\n")


def test_the_votes_are_those_of_each_image(project):
    labels, _, cast = project
    votes = ferplus.votes_on(images, Path("data"))
    assert list(votes) == SEEN_AS
    assert np.array_equal(votes.to_numpy(), cast)
    seen = majority(votes, EMOTIONS)
    assert np.array_equal(seen[6:], labels[6:])
    assert not (seen[:6] == labels[:6]).any()


def test_the_hash_is_that_of_the_published_file_and_holds_a_mirror_to_it(project):
    Path("mirror/SHA256SUMS").unlink()
    with pytest.raises(InputError, match=f"expected {ferplus.HASH}"):
        ferplus.votes_on(images, Path("data"))


def refuses(message: str) -> None:
    with pytest.raises(InputError, match=message):
        ferplus.votes_on(images, Path("data"))


def test_image_folders_have_no_rows_and_are_refused_with_the_way_out(project):
    labels, usages, _ = project
    write_images(labels, usages, np.full(MADE_UP, -1))
    refuses("no CSV file: it has no rows. Set `data.ferplus: false`")


def test_a_copy_with_fewer_images_is_refused(project):
    labels, usages, _ = project
    write_images(labels[:50], usages[:50], np.arange(50))
    refuses("votes on 60 images, .* but this copy has 50")


def test_a_copy_whose_sets_come_in_another_order_is_refused(project):
    labels, usages, _ = project
    write_images(labels, np.roll(usages, 10), np.arange(MADE_UP))
    refuses(
        "Row 0 of this copy of FER2013 belongs to PrivateTest, that of FER\\+ to Training"
    )


def test_a_copy_that_is_shuffled_within_its_sets_is_refused(project):
    labels, usages, _ = project
    order = np.concatenate([np.roll(np.arange(40), 7), np.arange(40, 60)])
    write_images(labels[order], usages, np.arange(MADE_UP))
    refuses("of this copy's labels are those of FER\\+'s majority, where 68%")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Usage,neutral\nTraining,10\n", id="columns missing"),
        pytest.param(f"Usage,{','.join(SEEN_AS)}\nTraining{',x' * 10}\n", id="words"),
        pytest.param(
            f"Usage,{','.join(SEEN_AS)}\nTraining{',-1' * 10}\n", id="below 0"
        ),
        pytest.param(
            f"Usage,{','.join(SEEN_AS)}\nTraining{',300' * 10}\n", id="too many"
        ),
        pytest.param(f"Usage,{','.join(SEEN_AS)}\nTraining{',11' * 10}\n", id="eleven"),
        pytest.param(f"Usage,{','.join(SEEN_AS)}\nTraining{',' * 10}\n", id="no value"),
    ],
)
def test_a_file_that_is_not_ferplus_is_an_error_that_names_it(project, text):
    publish_text(text)
    refuses(r"fer2013new.csv is not FER\+'s CSV file")
