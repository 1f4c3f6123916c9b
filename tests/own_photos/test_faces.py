"""Which face of a labelled photo is taken, what is left out, and what a killed run keeps."""

import csv
import json
import os
import signal
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import data_sets
import numpy as np
import photo_files
import pytest
from data_sets import finder, photo, write, write_photos
from PIL import Image

from algorithm import faces
from algorithm.lib import photo_rows, tables
from algorithm.lib.face_of import face_of
from fer_transfer.console.errors import InputError
from fer_transfer.core import files, journal
from fer_transfer.detection.detectors import DETECTORS, Box

SCENE = np.asarray(photo_files.scene())
ROOT = Path(__file__).parents[2]
PLAIN = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)


def detector(*found):
    """Return CenterFace with what it is to find in any photo."""
    return replace(DETECTORS["centerface"], find=finder(*found))


# left, top, width, height, score of each face in a photo of 800 x 600.
FOUND = {
    "no face": ([], "no face", "found none"),
    "one face": ([(9, 9, 90, 90, 0.9)], "ok", ""),
    "one tiny face": ([(9, 9, 12, 14, 0.9)], "face too small", "12 x 14 pixels: expected 20"),
    "a large and a small face": (
        [(9, 9, 60, 60, 0.9), (300, 9, 200, 200, 0.8)],
        "ok",
        "the largest of 2 faces",
    ),
    "two faces alike": (
        [(9, 9, 90, 90, 0.9), (300, 9, 100, 100, 0.8)],
        "several faces",
        "2 faces, and none has 2 times the area",
    ),
    "a large face that is doubtful": (
        [(9, 9, 60, 60, 0.9), (300, 9, 200, 200, 0.3)],
        "several faces",
        "2 faces",
    ),
    "forty faces": (
        [(20 * n, 10, 18, 18, 0.9) for n in range(40)],
        "several faces",
        "40 faces",
    ),
    "thirty-nine faces behind one": (
        [(20 * n, 10, 18, 18, 0.9) for n in range(39)] + [(90, 200, 300, 300, 0.8)],
        "ok",
        "the largest of 40 faces",
    ),
    "two boxes of one face": (
        [(100, 100, 100, 100, 0.7), (105, 102, 100, 100, 0.9)],
        "ok",
        "",
    ),
    "a face at the border": ([(760, -20, 90, 90, 0.9)], "ok", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_of_the_faces_found_the_one_that_dominates_is_taken(case):
    found, status, said = FOUND[case]
    face = face_of(PLAIN, None, detector(*found))
    assert (face.status, face.image is not None) == (status, status == "ok")
    assert said in face.reason
    assert said or not face.reason


def test_of_two_boxes_of_one_face_the_more_certain_is_taken():
    face = face_of(
        PLAIN, None, detector((100, 100, 90, 90, 0.7), (105, 102, 90, 90, 0.9))
    )
    assert (face.box.left, face.score, face.num_found) == (105, 0.9, 1)


BOXES = {
    "in the photo": ((10, 10, 90, 90), "ok"),
    "over the border": ((-20, 540, 90, 90), "ok"),
    "outside": ((900, 10, 90, 90), "box outside"),
    "mostly outside": ((-60, 10, 90, 90), "box outside"),
    "far larger than the photo": ((-1e9, -1e9, 2e9, 2e9), "box outside"),
    "a strip": ((0, 10, 800, 40), "not a face"),
    "tiny": ((10, 10, 19, 30), "face too small"),
}


@pytest.mark.parametrize("case", BOXES)
def test_a_given_box_is_used_and_checked_and_no_detector_asked(case):
    box, status = BOXES[case]
    face = face_of(PLAIN, Box(*box), detector((300, 300, 200, 200, 0.9)))
    assert face.status == status
    assert face.score is None


def test_a_given_box_cuts_what_it_frames():
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[20:70, 120:170] = 200
    face = face_of(pixels, Box(120, 20, 50, 50), None)
    assert (face.image[4:-4, 4:-4] == 200).all()
    assert face.image[0].max() < 100


def test_centerface_finds_the_face_of_a_scene_and_frames_it(project):
    write(
        project.photos / "happy/a.png",
        photo_files.encoded(photo_files.scene(20), "PNG"),
    )
    assert project.faces("centerface")[0]["status"] == "ok"
    row = project.face_rows()[0]
    assert 220 < float(row["left"]) < 400
    assert 0.5 < float(row["score"]) <= 1
    arrays = files.read_npz(project.folder / "data/algorithm/faces.npz")
    assert arrays["images"].shape == (1, 48, 48)
    assert arrays["images"].dtype == np.uint8


def test_without_a_detector_the_whole_image_is_the_face(project):
    write_photos(project.photos, "happy/a.png")
    project.faces("none")
    image = files.read_npz(project.folder / "data/algorithm/faces.npz")["images"][0]
    assert np.abs(image.astype(int) - data_sets.FACES[0]).mean() < 6


def test_an_image_as_fer2013_s_goes_to_no_detector(project, monkeypatch):
    monkeypatch.setitem(DETECTORS, "haar", detector())
    for number, name in enumerate(("happy/a.png", "sad/b.png")):
        crop = Image.fromarray(data_sets.FACES[number])
        write(project.photos / name, photo_files.encoded(crop, "PNG"))
    assert {row["status"] for row in project.faces("haar")} == {"ok"}
    images = files.read_npz(project.folder / "data/algorithm/faces.npz")["images"]
    assert np.array_equal(images, data_sets.FACES[:2])


def png_that_promises(width, height):
    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b""))
    )


UNREADABLE = {
    "a truncated photo": (photo()[:-200], "damaged"),
    "a header alone": (photo()[:40], "not a photo"),
    "no content": (b"", "empty"),
    "a text called .png": (b"Dear diary, today we took no photo.", "not a photo"),
    "a page of an error": (
        b"<!doctype html><html>404</html>" + b" " * 40,
        "not a photo",
    ),
    "a video called .png": (bytes(4) + b"ftypisom" + bytes(40), "video"),
    "an archive called .png": (b"PK\x03\x04" + bytes(40), "not a photo"),
    "a pointer of Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "not a photo",
    ),
    "a bomb": (png_that_promises(60_000, 60_000), "too large"),
    "a bomb of one row": (png_that_promises(2**31 - 1, 1), "too large"),
    "a strip of a million pixels": (
        photo_files.encoded(Image.new("L", (100_000, 10)), "PNG"),
        "not a face",
    ),
    "a single pixel": (
        photo_files.encoded(Image.new("RGB", (1, 1)), "PNG"),
        "face too small",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_photo_at_fault_has_a_status_and_stops_no_other(project, case):
    content, status = UNREADABLE[case]
    write(project.photos / "happy/bad.png", content)
    write_photos(project.photos, "happy/good.png")
    rows = {row["photo"]: row for row in project.faces("none")}
    assert rows["happy/good.png"]["status"] == "ok"
    assert rows["happy/bad.png"]["status"] == status
    assert rows["happy/bad.png"]["reason"]
    assert [row["photo"] for row in project.face_rows()] == ["happy/good.png"]
    assert project.metrics("faces")["statuses"] == {"ok": 1, status: 1}


def test_a_truncated_photo_s_reason_says_how_to_mend_it(project):
    write(project.photos / "happy/a.png", photo()[:-200])
    write_photos(project.photos, "sad/b.png")
    assert "copy it again" in project.faces()[0]["reason"]


def test_photos_without_any_face_are_an_error_that_leaves_the_reasons(
    project, monkeypatch
):
    monkeypatch.setitem(DETECTORS, "haar", detector())
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    with pytest.raises(InputError, match="No face was taken from 2 photos: 2 no face"):
        project.faces("haar")
    reasons = [row["reason"] for row in tables.read_rows(faces.OUT / "files.csv")]
    assert all("set `faces.detector: none`" in reason for reason in reasons)
    assert not (faces.OUT / "faces.npz").exists()


def test_a_class_that_loses_all_faces_is_no_class_and_that_is_said(project, caplog):
    write(project.photos / "angry/a.png", b"x")
    write_photos(project.photos, "happy/b.png", "sad/c.png")
    project.faces()
    assert files.read_json(faces.OUT / "classes.json") == ["happy", "sad"]
    assert list(files.read_npz(faces.OUT / "faces.npz")["labels"]) == [0, 1]
    assert "No photo of angry has a face" in caplog.text


def test_a_photo_that_changed_after_it_was_gathered_is_refused(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    project.gather()
    write(project.photos / "happy/a.png", photo(9))
    with pytest.raises(InputError, match=r"a\.png has changed since it was gathered"):
        faces.main()


def test_a_photo_that_is_gone_has_a_status(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    project.gather()
    (project.photos / "happy/a.png").unlink()
    faces.main()
    assert project.metrics("faces")["statuses"] == {"missing": 1, "ok": 1}


def test_faces_before_gather_says_what_to_run(project):
    project.set()
    with pytest.raises(
        InputError, match=r"There is no data/algorithm/photos\.csv. Run"
    ):
        faces.main()


def test_a_damaged_table_says_so(project):
    write_photos(project.photos, "happy/a.png")
    project.gather()
    path = project.folder / "data/algorithm/photos.csv"
    path.write_bytes(path.read_bytes()[:-40].replace(b"happy", b'ha"ppy,', 1))
    with pytest.raises(InputError, match=r"photos\.csv is damaged"):
        faces.main()


def test_boxes_of_a_manifest_give_a_face_each(project):
    image = Image.new("L", (200, 100))
    for number in (0, 1):
        image.paste(Image.fromarray(data_sets.FACES[number]), (20 + 100 * number, 20))
    write(project.photos / "a.png", photo_files.encoded(image, "PNG"))
    rows = "a.png,sad,21,21,46,46\na.png,happy,121,21,46,46\n"
    write(project.photos / "list.csv", "path,label,left,top,width,height\n" + rows)
    project.faces("centerface")
    arrays = files.read_npz(faces.OUT / "faces.npz")
    assert list(arrays["labels"]) == [1, 0]
    for number in (0, 1):
        difference = arrays["images"][number].astype(int) - data_sets.FACES[number]
        assert np.abs(difference).mean() < 8
    assert [row["left"] for row in project.face_rows()] == ["21.0", "121.0"]


def test_two_runs_write_the_same_bytes(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    project.faces()
    names = ("faces.npz", "faces.csv", "files.csv", "classes.json")
    first = [(faces.OUT / name).read_bytes() for name in names]
    faces.main()
    assert [(faces.OUT / name).read_bytes() for name in names] == first


def test_a_run_that_ends_leaves_no_state(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    project.faces()
    assert list(faces.STATE.iterdir()) == []


def stop_after(monkeypatch, number):
    """Let the run be interrupted before a photo."""
    seen = []
    real = photo_rows.find_face

    def find_face(row, *rest):
        seen.append(row.photo)
        if len(seen) == number:
            raise KeyboardInterrupt
        return real(row, *rest)

    monkeypatch.setattr(photo_rows, "find_face", find_face)
    return seen


@pytest.fixture
def interrupted(project, monkeypatch):
    """A run over four photos that was stopped at the third."""
    write_photos(project.photos, *(f"happy/{number}.png" for number in range(4)))
    project.gather()
    stop_after(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        faces.main()
    monkeypatch.undo()
    monkeypatch.chdir(project.folder)
    return project


def test_a_stopped_run_goes_on_where_it_was(interrupted, monkeypatch):
    assert not (faces.OUT / "faces.npz").exists()
    seen = stop_after(monkeypatch, 0)
    faces.main()
    assert seen == ["happy/2.png", "happy/3.png"]
    resumed = (faces.OUT / "faces.npz").read_bytes()
    faces.main()
    assert (faces.OUT / "faces.npz").read_bytes() == resumed


def test_another_detector_starts_anew(interrupted, monkeypatch):
    monkeypatch.setitem(DETECTORS, "haar", detector((4, 4, 50, 50, 0.9)))
    seen = stop_after(monkeypatch, 0)
    interrupted.faces("haar")
    assert len(seen) == 4


def test_a_record_cut_off_by_a_kill_is_made_again(interrupted, monkeypatch):
    state = faces.STATE / journal.NAME
    state.write_bytes(state.read_bytes()[:-7])
    seen = stop_after(monkeypatch, 0)
    faces.main()
    assert seen == ["happy/1.png", "happy/2.png", "happy/3.png"]


def test_what_could_not_be_read_is_tried_again(project, monkeypatch):
    write(project.photos / "happy/0.png", b"x")
    write_photos(project.photos, "happy/1.png", "happy/2.png")
    project.gather()
    stop_after(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        faces.main()
    monkeypatch.undo()
    monkeypatch.chdir(project.folder)
    seen = stop_after(monkeypatch, 0)
    faces.main()
    assert seen == ["happy/0.png", "happy/2.png"]


def test_a_killed_run_goes_on_where_it_was(project):
    names = [f"happy/{number}.png" for number in range(60)]
    write_photos(project.photos, *names)
    project.gather(form="class-folders")
    command = [sys.executable, "-m", "algorithm.faces"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    state = faces.STATE / journal.NAME
    while run.poll() is None and (
        not state.exists() or state.read_bytes().count(b"\n") < 4
    ):
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not list(faces.OUT.glob("faces.*")) or run.returncode == 0
    faces.main()
    assert len(project.face_rows()) == 60
    assert len(list(faces.OUT.glob("*"))) == 6


def test_memory_does_not_grow_with_the_photos(project, monkeypatch):
    write_photos(project.photos, *(f"happy/{number}.png" for number in range(40)))
    project.gather()
    peaks = []
    real = photo_rows.find_face

    def find_face(*arguments):
        face = real(*arguments)
        peaks.append(tracemalloc.get_traced_memory()[0])
        return face

    monkeypatch.setattr(photo_rows, "find_face", find_face)
    tracemalloc.start()
    faces.main()
    tracemalloc.stop()
    assert peaks[-1] - peaks[10] < 50_000


def test_a_record_gives_back_the_face_it_was_made_of():
    face = face_of(SCENE, Box(280, 180, 240, 240), None)
    record = json.loads(json.dumps(photo_rows.as_record(3, face)))
    back = photo_rows.as_face(record)
    assert np.array_equal(back.image, face.image)
    assert back._replace(image=None) == face._replace(image=None)


def test_any_csv_reader_reads_the_tables(project):
    write_photos(project.photos, "happy/a,\n.png", "sad/b.png")
    project.faces()
    with (faces.OUT / "faces.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1][:4] == ["0", "happy/a,\n.png", "happy", ""]
