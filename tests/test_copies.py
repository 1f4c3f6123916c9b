"""Copies of FER2013 as people have them: read where they hold it, named where they do not."""

import gzip
import io
import logging
import lzma
import pickle
import struct
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import archives, class_folders, faces, fer2013, image_folders
from stages import prepare
from tests.test_archives import write_folder, write_tar, write_zip

PROJECT = Path(__file__).parents[1]
PARAMS = (
    (PROJECT / "params.yaml")
    .read_text(encoding="utf-8")
    .replace("ferplus: true", "ferplus: false")
)
PIXELS = " ".join(["7"] * 2304)
ROWS = [f"{label},{PIXELS},Training" for label in range(7)]
TABLE = "\n".join(["emotion,pixels,Usage", *ROWS, ""]).encode()


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    set_numbering("none")
    Path("data/raw").mkdir(parents=True)
    return Path("data/raw")


def set_numbering(numbering: str) -> None:
    line = f"  numbering: {numbering}"
    Path("params.yaml").write_text(PARAMS.replace("  numbering: none", line))


def png(shade: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("L", (48, 48), shade).save(file, "PNG")
    return file.getvalue()


def usages() -> list[str]:
    return faces.read().column("part").tolist()


def refused() -> str:
    with pytest.raises(InputError) as caught:
        prepare.main()
    message = str(caught.value)
    assert len(message) < 900
    assert not Path("data/faces/images.npy").exists()
    return message


SETS = [
    ("train", "validation"),
    ("Training", "PublicTest", "PrivateTest"),
    ("training", "testing"),
    ("TRAIN", "VAL", "TEST"),
    ("train",),
    ("test",),
]


@pytest.mark.parametrize("write", [write_folder, write_zip, write_tar])
@pytest.mark.parametrize("sets", SETS, ids="-".join)
def test_the_sets_are_read_by_any_of_their_names_and_keep_it(raw, sets, write):
    """All images are split anew, so that no set has to be there."""
    contents = {f"{name}/happy/1.png": png() for name in sets}
    write(raw if write == write_folder else raw / "images", contents)
    prepare.main()
    assert usages() == [prepare.PARTS[name.lower()] for name in list(sets)]


@pytest.mark.parametrize("source", ["table", "images"])
def test_a_copy_that_is_not_whole_is_used_and_said_to_be_so(raw, caplog, source):
    if source == "table":
        (raw / "fer2013.csv").write_bytes(TABLE)
    else:
        write_folder(raw, {f"train/happy/{n}.png": png() for n in range(7)})
    with caplog.at_level(logging.WARNING):
        prepare.main()
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("FER2013 has 35,887 images, and this copy 7: ")


def test_nothing_is_said_of_synthetic_faces(raw, caplog):
    settings = PARAMS.replace("source: kaggle", "source: synthetic")
    Path("params.yaml").write_text(settings)
    (raw / "fer2013.csv").write_bytes(TABLE)
    with caplog.at_level(logging.WARNING):
        prepare.main()
    assert not caplog.records


CLUTTER = (
    "train/happy/1.png:Zone.Identifier",
    "train/happy/1.pngZone.Identifier",
    "train/happy/1.png:ZONE.IDENTIFIER",
    "train/happy/Desktop.ini",
    "train/happy/desktop.ini",
    "train/happy/thumbs.db",
    "train/happy/Thumbs.db",
    "train/happy/ehThumbs.db",
    "train/happy/.DS_Store",
    "train/happy/._1.png",
    "train/happy/Icon\r",
    "train/happy/@eaDir/1.png",
    "__macosx/train/happy/._1.png",
    "$RECYCLE.BIN/train/happy/1.png",
    "archive.zip:Zone.Identifier",
)


@pytest.mark.parametrize("write", [write_folder, write_zip, write_tar])
@pytest.mark.parametrize("name", CLUTTER)
def test_what_systems_leave_beside_images_is_passed_over(raw, name, write):
    contents = {"train/happy/1.png": png(), name: b"[ZoneTransfer]\nZoneId=3\n"}
    write(raw if write == write_folder else raw / "images", contents)
    prepare.main()
    assert usages() == [prepare.PARTS[name.lower()] for name in ["train"]]


def test_a_table_beside_windows_mark_of_where_it_came_from_is_the_table(raw):
    (raw / "mine.csv").write_bytes(TABLE)
    (raw / "mine.csv:Zone.Identifier").write_bytes(b"[ZoneTransfer]\n")
    prepare.main()
    assert files.read_json(Path("metrics/dataset.json"))["source_file"] == "mine.csv"


@pytest.mark.parametrize("name", ["train/happy/mydesktop.ini.png", "zone/happy/1.png"])
def test_an_image_with_a_name_like_these_is_no_clutter(name):
    assert not archives.is_clutter(PurePosixPath(name))


def saved(values: object) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


class Trap:
    """What runs when it is unpickled."""

    def __reduce__(self):
        return Path("trap").touch, ()


# name of the file: (content, what the error calls it, what it tells to do)
FOREIGN = {
    "fer2013.npy": (saved(np.zeros((2, 48, 48))), "a NumPy array", "Give fer2013.csv"),
    "fer2013.parquet": (b"PAR1\x15\x04\0\0PAR1", "a Parquet table", "into a CSV file"),
    "fer2013.feather": (b"ARROW1\0\0", "an Arrow table", "into a CSV file"),
    "fer2013.7z": (b"7z\xbc\xaf\x27\x1c\0\4", "a 7-Zip archive", "Unpack it"),
    "fer2013.rar": (b"Rar!\x1a\x07\x01\0", "a RAR archive", "Unpack it"),
    "fer2013.zst": (b"\x28\xb5\x2f\xfd\0", "a Zstandard file", "Unpack it"),
    "fer2013.pkl": (pickle.dumps(Trap()), "a pickle, which could run", "Give fer2013.csv"),
    "old.pickle": (pickle.dumps(Trap(), 0), "a pickle, which could run", "Give fer2013.csv"),
    "train.tfrecord": (struct.pack("<QI", 9, 7) + b"a" * 13, "a TFRecord file", "Give fer2013.csv"),
    "fer2013.h5": (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file", "Give fer2013.csv"),
    "fer2013.mat": (b"MATLAB 5.0 MAT-file", "a MATLAB file", "Give fer2013.csv"),
    "fer2013.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel file", "into a CSV file"),
    "fer2013.sqlite": (b"SQLite format 3\0", "a SQLite database", "into a CSV file"),
}  # fmt: skip
BY_CONTENT = [name for name in FOREIGN if name not in ("old.pickle", "train.tfrecord")]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_kind_is_named_with_what_to_give_instead(raw, name):
    content, title, remedy = FOREIGN[name]
    (raw / name).write_bytes(content)
    message = refused()
    assert message.startswith(f"data/raw/{name} is {title}")
    assert remedy in message
    assert not Path("trap").exists()


@pytest.mark.parametrize("name", BY_CONTENT)
def test_it_is_told_by_its_content_whatever_it_is_called(raw, name):
    (raw / "fer2013.csv").write_bytes(FOREIGN[name][0])
    assert f"data/raw/fer2013.csv is {FOREIGN[name][1]}" in refused()


@pytest.mark.parametrize("name", FOREIGN)
def test_it_is_told_inside_an_archive_and_compressed(raw, name):
    content, title, _ = FOREIGN[name]
    (raw / f"{name}.gz").write_bytes(gzip.compress(content))
    assert f"is {title}" in refused()
    (raw / f"{name}.gz").unlink()
    write_zip(raw / "fer2013.zip", {name: content, "LICENSE": b"none"})
    assert f"data/raw/fer2013.zip: {name} is {title}" in refused()


def test_several_arrays_in_one_file_are_named_too(raw):
    np.savez(raw / "fer2013.npz", pixels=np.zeros(3), labels=np.zeros(3))
    assert "fer2013.npz is a NumPy array" in refused()


def test_an_excel_file_which_is_a_zip_is_named_too(raw):
    write_zip(
        raw / "fer2013.xlsx", {"[Content_Types].xml": b"", "xl/workbook.xml": b""}
    )
    assert "fer2013.xlsx is an Excel file" in refused()


COMPETITION = {
    "example_submission.csv": b"emotion\n0\n",
    "test.csv": b"pixels\n",
    "train.csv": b"emotion,pixels\n",
}


def competition(raw: Path, name: str) -> None:
    write_folder(raw, COMPETITION)
    contents = {"fer2013/fer2013.csv": TABLE, "fer2013/README": b"read me"}
    if "tar" in name or "tgz" in name:
        write_tar(raw / name, contents)  # compressed by gzip
    elif name.endswith("zip"):
        write_zip(raw / name, contents)
    else:
        (raw / name).write_bytes(lzma.compress(TABLE))


PACKED = ["fer2013.tar.gz", "fer2013.tgz", "fer2013.zip", "fer2013.csv.xz"]


@pytest.mark.parametrize("name", PACKED)
def test_in_the_competitions_folder_the_whole_table_is_found(raw, name):
    competition(raw, name)
    prepare.main()
    assert len(usages()) == 7


def test_with_one_of_its_tables_alone_too(raw):
    competition(raw, "fer2013.tar.gz")
    for name in ("test.csv", "train.csv"):
        (raw / name).unlink()
    prepare.main()
    assert len(usages()) == 7


def test_in_an_archive_of_that_folder_it_is_named(raw):
    """An archive is not unpacked, so there is none to open inside."""
    competition(raw, "fer2013.tar.gz")
    contents = {path.name: path.read_bytes() for path in raw.iterdir()}
    for path in raw.iterdir():
        path.unlink()
    write_zip(raw / "competition.zip", contents)
    assert "holds fer2013.tar.gz, an archive inside an archive" in refused()


def test_a_table_that_lies_open_comes_before_a_packed_one(raw):
    competition(raw, "fer2013.tar.gz")
    (raw / "icml_face_data.csv").write_bytes(TABLE[: TABLE.index(b"\n6,") + 1])
    prepare.main()
    assert len(usages()) == 6


@pytest.mark.parametrize("mark", [b"sep=,\n", b"sep=,\r\n", b'"sep=,"\r\n', b"SEP=,\n"])
def test_excels_mark_of_the_separator_is_passed_over(raw, mark):
    (raw / "fer2013.csv").write_bytes(mark + TABLE)
    prepare.main()
    assert len(usages()) == 7


def test_another_separator_is_named_all_the_same(raw):
    (raw / "fer2013.csv").write_bytes(b"sep=;\r\n" + TABLE.replace(b",", b";"))
    assert "separated by ';': save it with commas" in refused()


def test_an_image_that_cannot_be_read_has_the_same_error_each_time(raw):
    write_folder(raw, {"train/happy/1.png": b"no image"})
    first, second = refused(), refused()
    assert first == second
    assert "train/happy/1.png is not an image that can be read" in first
    assert "BytesIO" not in first


# A numbering, a folder, and the emotion.
NUMBERED = [
    ("fer2013", "0", "angry"),
    ("fer2013", "6", "neutral"),
    ("fer2013", "05", "surprise"),
    ("raf-db", "1", "surprise"),
    ("raf-db", "6", "angry"),
    ("raf-db", "7", "neutral"),
    ("raf-db", "1_surprise", "surprise"),
    ("affectnet", "0", "neutral"),
    ("affectnet", "6", "angry"),
    ("affectnet", "6 - Anger", "angry"),
    ("affectnet", "happy", "happy"),
]


@pytest.mark.parametrize(("numbering", "folder", "emotion"), NUMBERED)
def test_numbered_classes_are_read_by_the_numbering_that_is_set(
    raw, numbering, folder, emotion
):
    set_numbering(numbering)
    write_folder(raw, {f"train/{folder}/1.png": png()})
    prepare.main()
    [label] = faces.read().labels
    assert fer2013.EMOTIONS[label] == emotion


@pytest.mark.parametrize("folder", ["0", "6", "1_surprise", "03"])
def test_without_one_the_error_names_all_three_and_the_setting(raw, folder):
    write_folder(raw, {f"train/{folder}/1.png": png()})
    message = refused()
    assert f"train/{folder}/1.png is in the class folder `{folder}`" in message
    assert "fer2013 (0 angry, 1 disgust, 2 fear, 3 happy, 4 sad," in message
    assert "raf-db (1 surprise, 2 fear, 3 disgust, 4 happy, 5 sad, 6 angry," in message
    assert "affectnet (0 neutral, 1 happy, 2 sad, 3 surprise, 4 fear," in message
    assert "Set `data.numbering` in params.yaml" in message


# A numbering, a folder, and what the error says.
IMPOSSIBLE = [
    ("affectnet", "7", "contempt, which is no emotion of FER2013"),
    ("affectnet", "7_contempt", "contempt, which is no emotion of FER2013"),
    ("raf-db", "0", "raf-db, which has no 0"),
    ("fer2013", "7", "fer2013, which has no 7"),
    ("fer2013", "1_surprise", "(fer2013) 1 is disgust"),
    ("fer2013", "1_unknown", "(fer2013) 1 is disgust"),
    ("fer2013", "contempt", "names no emotion of FER2013"),
]


@pytest.mark.parametrize(("numbering", "folder", "said"), IMPOSSIBLE)
def test_a_number_that_means_nothing_is_refused(numbering, folder, said):
    with pytest.raises(InputError) as caught:
        class_folders.code_of(folder, "a.zip: 1.png", numbering)
    assert said in str(caught.value)


def test_images_of_other_places_are_still_refused():
    members = [archives.Member(PurePosixPath("1.png"), lambda: io.BytesIO(png()))]
    with pytest.raises(InputError, match="stands outside the folders of sets"):
        image_folders.parse(members, "a.zip", convert=False)


def test_a_link_to_a_drive_is_still_refused(raw):
    with zipfile.ZipFile(raw / "images.zip", "w") as made:
        made.writestr("C:train/happy/1.png", png())
    assert "points outside the archive" in refused()
