"""Image files in any layout, to faces and to what did not become one."""

import json
import logging
import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import photo_files
import pytest
import sources
from photo_files import drawn_faces
from PIL import Image
from recognising import interrupt
from sources import encoded, face

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.detection import detectors, photos
from fer_transfer.detection.boxes import Box, Detection
from fer_transfer.detection.labelled_face import find_face
from fer_transfer.detection.status import Rejected, Status
from fer_transfer.splitting import groups
from stages import detect, prepare

GREY = np.random.default_rng(0).integers(0, 256, (100, 120, 3), dtype=np.uint8)
PHOTO = encoded(GREY, "PNG")
TWO = {"happy/1.png": encoded(face(10)), "sad/1.png": encoded(face(20))}


def use(monkeypatch, *boxes: tuple[float, ...], scores: tuple[float, ...] = ()) -> Mock:
    """Let these boxes be found in each photo; return what counts the photos."""
    pairs = zip(boxes, scores or (0.9,) * len(boxes), strict=True)
    find = Mock(return_value=[Detection(Box(*box), score) for box, score in pairs])
    monkeypatch.setitem(detectors.DETECTORS, "centerface", find)
    return find


def read(
    project: Path, content: dict[str, bytes | str], **data: object
) -> dict[str, object]:
    """Read a source with these files; return its metrics."""
    shutil.rmtree(project / "photos", ignore_errors=True)
    sources.read(str(sources.write_files(project / "photos", content)), **data)
    return json.loads(Path("metrics/dataset.json").read_text())


@pytest.mark.parametrize(
    ("boxes", "scores", "status"),
    [
        ([], (), "no face"),
        ([(0, 0, 50, 50)], (), "taken"),
        ([(0, 0, 19, 19)], (), "face too small"),
        ([(0, 0, 50, 50), (60, 0, 30, 30)], (), "taken"),  # the largest by far
        ([(0, 0, 50, 50), (60, 0, 45, 45)], (), "several faces"),
        ([(0, 0, 50, 50), (60, 0, 30, 30)], (0.3, 0.9), "several faces"),  # doubtful
    ],
)
def test_of_several_faces_the_label_is_that_of_the_largest_by_far(
    monkeypatch, boxes, scores, status
):
    use(monkeypatch, *boxes, scores=scores)
    labelled = find_face(GREY, None, "centerface", convert=False)
    assert labelled.status == status
    assert (labelled.image is not None) == (status == "taken")


@pytest.mark.parametrize(
    ("box", "status"),
    [
        *[((10, 10, 40, 40), "taken"), ((-10, -10, 40, 40), "taken")],
        *[((-30, -30, 40, 40), "box outside"), ((500, 500, 40, 40), "box outside")],
        *[((10, 10, 15, 15), "face too small"), ((0, 0, 100, 20), "not a face")],
    ],
)
def test_a_given_box_is_framed_if_it_may_hold_a_face(box, status):
    assert find_face(GREY, Box(*box), "none", convert=False).status == status


def test_a_face_is_framed_by_its_given_box_or_the_detectors(project, monkeypatch):
    find = use(monkeypatch, (0, 10, 90, 80))
    head = "path,label,left,top,width,height\n"
    lines = "1.png,happy,20,30,40,48\n2.png,sad,,,,\n"
    content = {"m.csv": head + lines, "1.png": PHOTO, "2.png": PHOTO}
    read(project, content, detector="centerface")
    assert find.call_count == 1
    assert faces.read().name == "photos"
    assert faces.read().table[["file", *detect.Box._fields]].values.tolist() == [
        ["1.png", "20.0", "30.0", "40.0", "48.0"],
        ["2.png", "0.0", "10.0", "90.0", "80.0"],
    ]


def test_faces_of_48_pixels_are_taken_as_they_are_and_no_detector_sees_them(
    project, monkeypatch
):
    find = use(monkeypatch)
    read(project, TWO, detector="centerface")
    assert find.call_count == 0
    assert np.array_equal(faces.read_images(), np.stack([face(10), face(20)]))


def test_other_images_become_faces_only_where_that_is_asked_for(project):
    content = TWO | {"sad/2.png": PHOTO}
    message = r"1 of 3 images are not grey.*sad/2\.png \(120 x"
    with pytest.raises(InputError, match=message):
        read(project, content)
    assert read(project, content, convert=True)["images"] == 3


BROKEN = {
    "text": b"no image at all",
    "nothing": b"",
    "half a photo": PHOTO[: len(PHOTO) // 2],
    "a video": b"\0\0\0\x18ftypisom" + bytes(40),
    "a PDF": b"%PDF-1.7" + bytes(40),
}


def test_every_file_becomes_a_face_or_is_listed_with_its_reason(
    project, monkeypatch, caplog
):
    use(monkeypatch)
    others = {f"sad/{name}.jpg": content for name, content in BROKEN.items()}
    loose = {"top.png": PHOTO, "sad/.DS_Store": b"x", "sad/photo.png": PHOTO}
    content = TWO | others | loose
    with caplog.at_level(logging.WARNING):
        counts = read(project, content, detector="centerface")
    dropped = files.read_text_table(prepare.DROPPED)
    listed = [*faces.read().column("file"), *dropped["file"]]
    assert sorted(listed) == sorted(content)
    assert dropped["reason"].all()
    assert sum(counts["dropped"].values()) == len(dropped)
    assert "1 left out: video (" in caplog.text


def test_a_class_of_which_no_file_can_be_read_is_an_error_that_names_it(project):
    angry = {f"Anger/{name}": content for name, content in BROKEN.items()}
    with pytest.raises(InputError, match=r"e \(1\): angry: A.*{'Anger': drop}"):
        read(project, TWO | angry)
    read(project, TWO | angry, map={"Anger": "drop"})


def test_a_class_without_a_face_is_dropped_with_a_warning(project, monkeypatch, caplog):
    use(monkeypatch)
    with caplog.at_level(logging.WARNING):
        counts = read(project, TWO | {"angry/1.png": PHOTO}, detector="centerface")
    assert counts["classes_without_faces"] == ["angry"]
    assert faces.read().classes == ("happy", "sad")
    assert "Class dropped: no photo of angry has a usable face." in caplog.text


def test_one_class_is_an_error_before_anything_is_computed_and_so_are_eleven(project):
    with pytest.raises(InputError, match=r"at least two classes.*found 1: happy"):
        read(project, {"happy/1.png": encoded(face(1))})
    many = {f"c{number}/1.png": encoded(face(number)) for number in range(11)}
    with pytest.raises(InputError, match="11 classes, and at most 10 are supported"):
        read(project, many)
    read(project, many, map={"c3": "drop"})
    assert len(faces.read().classes) == 10


def test_a_photo_that_needed_a_package_is_read_once_it_is_there(project, monkeypatch):
    content = TWO | {"sad/2.heic": PHOTO}
    needs = Rejected(Status.NEEDS_PACKAGE, "pillow-heif")
    with monkeypatch.context() as patch:
        patch.setattr(photos, "read_photo", Mock(side_effect=[needs] * 3))
        with pytest.raises(InputError, match="needs a package"):
            read(project, content)
    assert read(project, content, convert=True)["images"] == 3


@pytest.mark.parametrize("quality", [None, 40], ids=["the same pixels", "as JPEG"])
@pytest.mark.parametrize("side", [1, -1], ids=["as it is", "mirrored"])
def test_a_photo_in_two_classes_is_named(project, caplog, side, quality):
    content = {
        f"{'happy' if n % 2 else 'sad'}/{n}.png": encoded(image)
        for n, image in enumerate(drawn_faces(40))
    }
    copy = Image.fromarray(drawn_faces(40)[8][:, ::side])
    kind, options = ("JPEG", {"quality": quality}) if quality else ("PNG", {})
    content["happy/copy"] = photo_files.encoded(copy, kind, **options)
    with caplog.at_level(logging.WARNING):
        counts = read(project, content)
    assert (counts["duplicates"], counts["conflicting_groups"]) == (1, 1)
    assert " 1 faces have several labels" in caplog.text
    assert "happy/copy (happy), sad/8.png (sad)" in caplog.text
    together = groups.duplicates(faces.read_images(), faces.read().column("file"))
    assert len(set(together)) == 40


def test_a_person_has_one_name_in_any_case(project):
    names = ("happy/Ann/1.png", "sad/ANN/2.png", "sad/Bo/3.png")
    content = {name: encoded(face(shade)) for shade, name in enumerate(names)}
    read(project, content)
    assert faces.read().column("person").tolist() == ["Ann", "Ann", "Bo"]


def test_only_what_was_added_or_changed_is_looked_at_again(project, monkeypatch):
    find = use(monkeypatch, (0, 0, 50, 50))
    content = {"happy/1.png": PHOTO, "sad/2.png": encoded(255 - GREY)}
    first = read(project, content, detector="centerface")
    assert find.call_count == 2
    content["sad/3.png"] = encoded(GREY // 2)
    assert read(project, content, detector="centerface")["images"] == 3
    assert find.call_count == 3
    del content["sad/3.png"]
    assert read(project, content, detector="centerface") == first
    assert find.call_count == 3


def test_a_run_that_was_killed_goes_on_where_it_was(project, monkeypatch):
    content = {f"happy/{n}.png": encoded(GREY // (n + 1)) for n in range(4)}
    content |= {"sad/9.png": encoded(255 - GREY)}
    find = use(monkeypatch, (0, 0, 50, 50))
    with monkeypatch.context() as patch:
        interrupt(patch, after=3)
        with pytest.raises(KeyboardInterrupt):
            read(project, content, detector="centerface")
    detect.main()
    assert find.call_count == 4 + 2  # the fourth was not recorded
    assert len(pd.read_csv("data/detected/faces.csv")) == 5


def test_a_copy_of_fer2013_in_folders_is_called_fer2013(project, monkeypatch):
    monkeypatch.setattr("fer_transfer.readers.fer2013_csv.NUM_IMAGES", 7)
    names = prepare.fer2013.EMOTIONS
    content = {f"train/{name}/1.png": encoded(face(n)) for n, name in enumerate(names)}
    assert read(project, content)["name"] == "FER2013"
