"""Whatever a source looks like, what comes out keeps the contract of fer_transfer/data/faces.py."""

import json
from pathlib import Path

import numpy as np
import photo_files
import pytest
import settings_files
import sources
from sources import HEADER, csv_row, encoded, face

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.readers.listing import OF_THE_SYSTEM
from fer_transfer.readers.sources import detect_layout, list_images
from fer_transfer.settings.settings import load_settings
from stages import prepare
from tools import example_photos

LABELS = {"happy": 3, "sad": 4, "neutral": 6}
PARTS = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
# Nine faces: each of three classes in each of three parts, each another image.
ROWS = [
    (label, part, 10 * number)
    for number, (label, part) in enumerate(
        [(label, part) for part in PARTS for label in LABELS], 1
    )
]
CSV = HEADER + "".join(
    csv_row(LABELS[label], shade, PARTS[part]) for label, part, shade in ROWS
)
FOLDERS = {
    f"{part}/{label}/{shade}.png": encoded(face(shade)) for label, part, shade in ROWS
}
MANIFEST = "path,label,part\n" + "".join(
    f"{part}/{label}/{shade}.png,{label},{part}\n" for label, part, shade in ROWS
)
COLUMNS = [line.split(",") for line in CSV.splitlines()]
ICML = "".join(f"{emotion}, {usage}, {pixels}\n" for emotion, pixels, usage in COLUMNS)
WRAPPED = {f"fer2013/{name}": content for name, content in FOLDERS.items()}
# A file, or a folder of files, of each layout.
SOURCES = {
    "fer2013.csv": CSV.encode(),
    "icml_face_data.csv": ICML.encode(),
    "fer2013.zip": sources.zipped({"archive/fer2013.csv": CSV.encode()}),
    "the competition's folder": {
        "icml_face_data.csv": ICML,
        "train.csv": "emotion,pixels\n",
        "test.csv": "pixels\n",
    },
    "class folders": FOLDERS,
    "folders.tgz": sources.tarred(WRAPPED, "gz"),
    "manifest": FOLDERS | {"manifest.csv": MANIFEST},
}


def source(folder: Path, name: str) -> str:
    content = SOURCES[name]
    if isinstance(content, bytes):
        return str(sources.write_files(folder, {name: content}) / name)
    return str(sources.write_files(folder / name, content))


def read_and_check(source: str, **data: object) -> tuple[faces.Faces, np.ndarray]:
    """Bring a source into data/faces; its classes are in FER2013's order."""
    sources.read(source, **data)
    known = faces.read(votes=True)
    assert [*known.classes] == [name for name in EMOTIONS if name in known.classes]
    return known, faces.read_images()


@pytest.mark.parametrize("name", SOURCES)
def test_every_layout_of_the_same_faces_gives_the_same_set(project, name):
    labelled, images = read_and_check(source(project, name))
    expected = sorted((part, label, shade) for label, part, shade in ROWS)
    columns = labelled.column("part"), labelled.column("label")
    rows = zip(*columns, images[:, 0, 0].tolist(), strict=True)
    assert sorted(rows) == expected
    assert all(np.array_equal(image, face(image[0, 0])) for image in images)
    assert labelled.votes is None
    assert not labelled.column("person").any()
    layout = json.loads(Path("metrics/dataset.json").read_text())["layout"]
    assert labelled.column("file").all() == (layout != "csv")


def test_what_is_beside_fer2013s_file_is_listed_as_left_out(project):
    beside = FOLDERS | {"b.csv": b"", ".DS_Store": b""}
    sources.read(str(sources.write_files(project / "both", beside | {"a.csv": CSV})))
    dropped = files.read_text_table(prepare.DROPPED).set_index("file")["reason"]
    assert dropped.pop(".DS_Store") == OF_THE_SYSTEM
    assert {*dropped.index} == {*FOLDERS, "b.csv"}
    assert {*dropped} == {"beside a.csv, which alone is read"}


@pytest.mark.parametrize("setting", [{"map": {"sad": "drop"}}, {"numbering": "ck+"}])
def test_settings_of_labels_that_fer2013s_layout_does_not_read_are_an_error(
    project, setting
):
    with pytest.raises(InputError, match=r"not read for fer2013\.csv"):
        read_and_check(source(project, "fer2013.csv"), **setting)


def test_photos_and_synthetic_faces_give_a_set_of_the_same_form(project):
    photos = {
        f"{label}/1.png": photo_files.encoded(photo_files.scene(angle), "PNG")
        for angle, label in enumerate(LABELS)
    }
    folder = sources.write_files(project / "photos", photos)
    known, _ = read_and_check(str(folder), detector="centerface")
    assert known.table["left"].astype(float).between(250, 350).all()
    drawn, _ = read_and_check("synthetic")
    assert drawn.classes == EMOTIONS


def test_the_photos_of_make_photos_are_read_with_their_people_and_boxes(project):
    settings_files.write(source="params.photos.yaml")
    example_photos.main()
    load_settings()
    listing = list_images(detect_layout(Path("photos")), Path("photos"))
    assert not listing.dropped
    assert len(listing.table) == example_photos.FACES
    assert set(listing.table["label"]) == set(EMOTIONS)
    assert listing.table["person"].nunique() == example_photos.PEOPLE
    assert (listing.table["width"].astype(int) >= 70).all()


def test_the_metrics_count_classes_parts_duplicates_blanks_and_conflicts(project):
    black = f"0,{' '.join(['0'] * 2304)},PrivateTest\n"
    rows = [csv_row(3, 7), csv_row(6, 9), csv_row(4, 7, "PublicTest"), black]
    text = "".join([HEADER, *rows, csv_row(6, 9)])
    sources.read(
        str(sources.write_files(project, {"fer2013.csv": text}) / "fer2013.csv")
    )
    labelled = faces.read()
    assert labelled.column("label").tolist() == [
        *("happy", "neutral", "sad", "angry", "neutral")
    ]
    counts = json.loads(Path("metrics/dataset.json").read_text())
    expected = {"happy": 1, "neutral": 2, "sad": 1, "angry": 1}
    assert counts["emotions"] == dict.fromkeys(EMOTIONS, 0) | expected
    assert (counts["images"], counts["duplicates"], counts["blank"]) == (5, 2, 1)
    assert counts["conflicting_groups"] == 1
    assert (counts["name"], counts["official"]) == ("fer2013.csv", False)
    assert counts["source_file"] == "fer2013.csv"
