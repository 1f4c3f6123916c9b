import hashlib
from pathlib import Path

import numpy as np
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces, formats
from fer_transfer.data.fer2013 import EMOTIONS
from stages import prepare

# Five images, shades of one grey each: the second copy of 7 has another label, 0 is black.
SHADES = [7, 9, 7, 0, 9]
LABELS = [3, 6, 4, 0, 6]
USAGES = ["Training", "Training", "PublicTest", "PrivateTest", "PrivateTest"]
NOBODY = dict.fromkeys(
    ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"], 0
)


OUTPUTS = (
    *(f"data/faces/{name}" for name in ("images.npy", "faces.csv", "classes.json")),
    "metrics/dataset.json",
)
PARAMS = Path("params.yaml").read_text().replace("ferplus: true", "ferplus: false")


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data/raw").mkdir(parents=True)
    Path("params.yaml").write_text(PARAMS)
    return Path("data/raw")


def write_table(path: Path) -> None:
    rows = [
        f"{label},{' '.join([str(shade)] * 2304)},{usage}\n"
        for label, shade, usage in zip(LABELS, SHADES, USAGES, strict=True)
    ]
    path.write_text("emotion,pixels,Usage\n" + "".join(rows))


def test_faces_keep_the_order_of_the_file_and_its_sets(raw):
    write_table(raw / "fer2013.csv")
    prepare.main()
    known, images = faces.read(votes=True), faces.read_images()
    assert images.shape == (5, 48, 48)
    assert images[:, 0, 0].tolist() == SHADES
    assert known.labels.tolist() == LABELS
    assert known.classes == EMOTIONS
    part_of = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
    assert known.column("part").tolist() == [part_of[usage] for usage in USAGES]
    assert known.votes is None


def test_the_metrics_say_what_is_in_the_data_set(raw):
    write_table(raw / "fer2013.csv")
    prepare.main()
    shades = np.array(SHADES, dtype=np.uint8).repeat(2304)
    assert files.read_json(Path("metrics/dataset.json")) == {
        "images": 5,
        "emotions": {**NOBODY, "angry": 1, "happy": 1, "sad": 1, "neutral": 2},
        "usages": {
            "Training": {"total": 2, **NOBODY, "happy": 1, "neutral": 1},
            "PublicTest": {"total": 1, **NOBODY, "sad": 1},
            "PrivateTest": {"total": 2, **NOBODY, "angry": 1, "neutral": 1},
        },
        "duplicates": 2,
        "conflicting_groups": 1,
        "blank": 1,
        "fingerprint": hashlib.sha256(shades.tobytes()).hexdigest(),
        "official": False,
        "converted": 0,
        "source_file": "fer2013.csv",
    }


def test_two_runs_write_the_same_bytes(raw):
    write_table(raw / "fer2013.csv")
    written = []
    for _ in range(2):
        prepare.main()
        written.append([Path(name).read_bytes() for name in OUTPUTS])
    assert written[0] == written[1]


def test_an_official_table_is_called_so():
    pixels = np.zeros((1, 48, 48), dtype=np.uint8)
    labels, usages = np.array([3], dtype=np.uint8), np.array(["Training"])
    images = formats.Images(pixels, labels, usages, np.arange(1), True, 0)
    assert prepare.describe(images, np.arange(1))["official"]


def test_the_one_file_is_read_whatever_is_hidden_beside_it(raw):
    write_table(raw / "mine.csv")
    (raw / ".gitignore").write_text("")
    assert prepare.downloaded(raw) == raw / "mine.csv"


def test_nothing_is_written_when_the_data_is_refused(raw):
    (raw / "fer2013.csv").write_text("emotion,pixels\n")
    with pytest.raises(InputError, match="lacks the column `Usage`"):
        prepare.main()
    assert not any(Path(name).exists() for name in OUTPUTS)


def test_without_a_download_the_error_says_which_command_is_first(raw):
    raw.rmdir()
    with pytest.raises(InputError, match="Run `dvc repro download` first"):
        prepare.main()
