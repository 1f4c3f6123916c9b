from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sources

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces as data_faces
from fer_transfer.data.emotions import WORDS
from fer_transfer.data.faces import COLUMNS, Faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.data.votes import NO_MAJORITY, majority
from fer_transfer.fetching import addresses
from fer_transfer.readers import ferplus as reader
from fer_transfer.readers.fer2013_csv import PARTS

SEEN_AS = list(reader.NAMES)
MADE_UP = 60


def votes(**counts: int) -> np.ndarray:
    return pd.DataFrame([[counts.get(name, 0) for name in SEEN_AS]], columns=SEEN_AS)


CASES = {
    "more than half": ({"fear": 6, "surprise": 4}, "fear"),
    "half is not more than half": ({"fear": 5, "surprise": 5}, None),
    "single votes are dropped before the half is taken": (
        {"anger": 5, "sadness": 3, "neutral": 1, "fear": 1},
        "angry",
    ),
    "unknown counts": ({"sadness": 5, "unknown": 3, "anger": 2}, None),
    "unknown wins": ({"neutral": 4, "unknown": 6}, None),
    "contempt is not among the seven": ({"contempt": 8, "neutral": 2}, None),
    "single votes only": (dict.fromkeys(SEEN_AS, 1), None),
}


@pytest.mark.parametrize(("counts", "expected"), CASES.values(), ids=CASES)
def test_the_majority_is_that_of_the_authors_rule(counts, expected):
    code = EMOTIONS.index(expected) if expected else NO_MAJORITY
    assert majority(votes(**counts), EMOTIONS).tolist() == [code]


@pytest.fixture
def faces(tmp_path, monkeypatch):
    """Sixty faces, and a mirror that holds FER+'s votes on them, six of which say otherwise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER_MIRROR", str(tmp_path))
    labels = np.random.default_rng(6).integers(0, 7, MADE_UP)
    seen_as = {WORDS.get(name): at for at, name in enumerate(SEEN_AS)}
    cast = np.zeros((MADE_UP, 10), dtype=np.int64)
    cast[np.arange(MADE_UP), [seen_as[EMOTIONS[label]] for label in labels]] = 8
    cast[:6] = np.roll(cast[:6], 1, axis=1)
    parts = np.repeat(list(PARTS), [40, 10, 10])
    table = pd.DataFrame(cast, columns=SEEN_AS).assign(Usage=parts)
    publish(table.to_csv(index=False))
    known = pd.DataFrame("", index=range(MADE_UP), columns=COLUMNS)
    known["label"] = np.array(EMOTIONS)[labels]
    known["part"] = [PARTS[part] for part in parts]
    return Faces("FER2013", EMOTIONS, known), cast


def publish(text: str) -> None:
    name = addresses.file_name(reader.URL)
    Path(name).write_text(text)
    digest = files.digest(Path(name), "sha256")
    Path("SHA256SUMS").write_text(f"{digest}  {name}\n")


def test_the_hash_is_that_of_the_published_file_and_holds_a_mirror_to_it(faces):
    Path("SHA256SUMS").unlink()
    with pytest.raises(InputError, match=f"expected {reader.HASH}"):
        reader.fetch_votes(faces[0])


def shuffled(table: pd.DataFrame) -> pd.DataFrame:
    order = np.concatenate([np.roll(np.arange(40), 7), np.arange(40, MADE_UP)])
    return table.assign(label=table["label"].to_numpy()[order])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table[:50], "60 faces have votes, and this copy has 50"),
        (lambda table: table.assign(part=np.roll(table["part"], 10)), "another order"),
        (shuffled, r"agree with the majority \(FER2013: 68%\)"),
    ],
)
def test_a_copy_of_other_faces_or_in_another_order_is_refused(faces, change, message):
    labelled, _ = faces
    other = Faces(labelled.name, labelled.classes, change(labelled.table))
    with pytest.raises(InputError, match=f"{message}.* Set `data.ferplus: false`"):
        reader.fetch_votes(other)


HEADER = f"Usage,{','.join(SEEN_AS)}\n"


@pytest.mark.parametrize(
    "text",
    [
        "Usage,neutral\nTraining,10\n",
        *(f"{HEADER}Training{f',{votes}' * 10}\n" for votes in ("x", 11)),
    ],
)
def test_a_file_that_is_not_ferplus_is_an_error_that_names_it(faces, text):
    publish(text)
    with pytest.raises(InputError, match=r"fer2013new\.csv"):
        reader.fetch_votes(faces[0])


def test_prepare_writes_the_votes_beside_the_faces(faces):
    pixels = " ".join(["7"] * 2304)
    usages = {part: usage for usage, part in PARTS.items()}
    rows = [
        f"{code},{pixels},{usages[part]}\n"
        for code, part in zip(faces[0].labels, faces[0].column("part"), strict=True)
    ]
    Path("fer2013.csv").write_text(sources.HEADER + "".join(rows))
    sources.read("fer2013.csv", ferplus=True)
    written = data_faces.read(votes=True).votes
    assert list(written) == SEEN_AS
    assert np.array_equal(written.to_numpy(), faces[1])


def test_faces_that_are_no_rows_of_fer2013_csv_have_no_votes(faces):
    with pytest.raises(InputError, match=r"by its row in fer2013\.csv"):
        sources.read("synthetic", ferplus=True)
