"""`fer-recognise`: photos in; tables, pictures and a page out, whatever happens on the way."""

import errno
import json
import os
import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import photo_files
import pytest
from PIL import Image
from projects import contents
from recognising import UNFINISHED, interrupt, peak_memory, rows, run, simplify

from fer_transfer.console.errors import InputError
from fer_transfer.detection.boxes import Box
from fer_transfer.detection.journal import NAME, Journal
from fer_transfer.recognise import __main__ as program
from fer_transfer.recognise import metadata, pictures, recogniser
from fer_transfer.recognise.face import Face

FACES = photo_files.drawn_faces()


@pytest.fixture(autouse=True)
def _simple(monkeypatch, tmp_path):
    simplify(monkeypatch, tmp_path)


@pytest.fixture
def photos(tmp_path):
    """A folder of three photos, one crop of FER2013's kind and much else."""
    top = tmp_path / "photos"
    for number in range(3):
        image = photo_files.ramp(60 + number, 40)
        photo_files.write(top / f"{number}.png", photo_files.encoded(image, "PNG"))
    crop = photo_files.encoded(Image.fromarray(FACES[3]), "PNG")
    photo_files.write(top / "crop.png", crop)
    small = photo_files.encoded(photo_files.ramp(20, 20), "PNG")
    photo_files.write(top / "no face.png", small)
    photo_files.write(top / "cut.jpg", crop[:90])
    photo_files.write(top / "notes.txt", b"no photo")
    return top


@pytest.fixture
def results(photos):
    """The folder of what a run over the photos wrote; it failed twice."""
    photo_files.write(photos / "<script>alert(1)<_script>.jpg", b"x")
    (photos / "2.png").rename(photos / 'a\r,"\nb.png')
    assert run(photos, photos / "0.png", "gone.jpg") == 3
    return Path("out")


def test_every_input_is_in_files_csv_once_with_status_and_reason(results):
    listed = {Path(row["file"]).name: row for row in rows(results / "files.csv")}
    assert {name: row["status"] for name, row in listed.items()} == {
        "0.png": "faces",
        "1.png": "faces",
        'a\r,"\nb.png': "faces",
        "<script>alert(1)<_script>.jpg": "not a photo",
        "crop.png": "faces",
        "cut.jpg": "damaged",
        "gone.jpg": "missing",
        "no face.png": "no face",
        "notes.txt": "skipped",
    }
    assert all(listed[name]["reason"] for name in ("cut.jpg", "gone.jpg", "notes.txt"))
    assert listed["0.png"]["faces"] == "2"


def test_faces_csv_has_a_row_per_face_with_every_emotions_probability(results):
    faces = rows(results / "faces.csv")
    assert len(faces) == 3 * 2 + 1
    first, second = faces[:2]
    assert (first["left"], first["width"]) == ("0.0", "30.0")
    assert second["left"] == "30.0"
    shares = [float(first[f"p_{name}"]) for name in photo_files.CLASSES]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert first["emotion"] == photo_files.CLASSES[int(np.argmax(shares))]
    assert float(first["probability"]) == max(shares)
    lines = (results / "faces.jsonl").read_text().splitlines()
    assert len(lines) == len(faces)
    excel_reads_utf_8 = b"\xef\xbb\xbf"
    assert (results / "faces.csv").read_bytes().startswith(excel_reads_utf_8)
    assert json.loads(lines[0])["probabilities"][first["emotion"]] == max(shares)


def test_the_page_is_whole_and_says_what_is_not_known(results):
    html = (results / "index.html").read_text(encoding="utf-8")
    assert "is not known" in html
    assert "57.1% (95% interval" in html
    assert "<script" not in html
    assert not re.search(r'(src|href)="(?!data:|#)', html)
    assert html.count('class="seen"') == 7
    assert "cut.jpg" in html


def test_a_class_may_be_called_like_a_column(photos, monkeypatch):
    names = ("unsure", "file", "score", "face", "p_file", "width", "tilt")
    monkeypatch.setattr(photo_files, "CLASSES", names)
    run(photos / "0.png")
    [first, _] = rows("out/faces.csv")
    assert {f"p_{name}" for name in names} <= set(first)
    assert Path(first["file"]).name == "0.png"
    assert first["emotion"] in names


def test_a_face_is_unsure_below_the_probability_that_is_asked_for():
    for bound, expected in ((0, False), (1, True)):
        [face, _] = recogniser.Recogniser(unsure_below=bound)(photo_files.ramp())
        assert face.unsure == expected


@pytest.mark.parametrize(("classes", "bound"), [(2, 0.75), (3, 0.5), (7, 0.5)])
def test_a_face_of_two_classes_can_be_unsure_too(monkeypatch, classes, bound):
    monkeypatch.setattr(photo_files, "CLASSES", photo_files.CLASSES[:classes])
    monkeypatch.setattr(metadata, "score", lambda *_: None)
    assert recogniser.Recogniser().unsure_below == bound


@pytest.mark.parametrize("detector", ["centerface", "none"])
def test_a_crop_of_fer2013s_kind_is_taken_whole(detector):
    [face] = recogniser.Recogniser(detector=detector)(FACES[3])
    expected = photo_files.SimpleModel().probabilities(FACES[3])
    assert face.shares == pytest.approx(expected, abs=1e-6)
    assert face.score is None


def test_without_a_detector_each_image_is_one_face():
    [face] = recogniser.Recogniser(detector="none")(photo_files.ramp())
    assert face.box == (0, 0, 60, 40)


@pytest.fixture
def recorded(monkeypatch):
    """The names of the inputs that are recognised, in the order of their beginning."""
    make_record, names = program.make_record, []

    def make(entry, *others):
        names.append(Path(entry.path).name)
        return make_record(entry, *others)

    monkeypatch.setattr(program, "make_record", make)
    return names


def test_a_run_that_was_cut_off_goes_on_and_ends_the_same(
    photos, monkeypatch, recorded
):
    run(photos, out="whole")
    with monkeypatch.context() as patch:
        done = interrupt(patch, after=3)
        with pytest.raises(KeyboardInterrupt):
            run(photos)
    assert not Path("out/faces.csv").exists()
    recorded.clear()
    run(photos)
    assert contents(Path("out")) == contents(Path("whole"))
    failed = {"cut.jpg"}  # is tried again
    assert not set(recorded) & {Path(name).name for name in done} - failed


@pytest.fixture
def unfinished(photos, monkeypatch, recorded):
    """The photos of a run that failed when it wrote its results."""
    with monkeypatch.context() as patch:
        patch.setattr(program.results, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(photos)
    recorded.clear()
    return photos


def test_a_changed_photo_is_read_again(unfinished, recorded):
    os.utime(unfinished / "1.png", ns=(1, 1))
    run(unfinished)
    assert sorted(recorded) == ["1.png", "cut.jpg"]


def test_pictures_of_photos_that_are_gone_since_are_not_published(unfinished):
    (unfinished / "1.png").unlink()
    run(unfinished)
    named = {row["picture"] for row in rows("out/files.csv")} - {""}
    assert {path.name for path in Path("out/pictures").iterdir()} == {
        Path(name).name for name in named
    }


def test_a_run_killed_while_its_pictures_were_moved_has_them_all_in_the_end(unfinished):
    run(unfinished, out="whole")
    moved, *_ = (UNFINISHED / "pictures").iterdir()
    Path("out/pictures").mkdir()
    moved.replace(Path("out/pictures", moved.name))
    run(unfinished)
    assert contents(Path("out")) == contents(Path("whole"))


def test_a_run_goes_on_from_another_working_directory(
    unfinished, recorded, monkeypatch
):
    out = Path("out").absolute()
    monkeypatch.chdir(unfinished)
    run(unfinished, out=out)
    assert recorded == ["cut.jpg"]


def test_options_reach_what_recognises(photos, monkeypatch):
    given = []
    for kind in (program.Recogniser, program.Run):
        spy = lambda *values, kind=kind: given.append(values) or kind(*values)  # noqa: E731
        monkeypatch.setattr(program, kind.__name__, spy)
    options = {"--model": "my.onnx", "--smallest-face": 40, "--unsure-below": 0.6}
    run(photos, *(word for pair in options.items() for word in pair), "--smoothing", 3)
    assert (given[0], given[1][-1]) == (("my.onnx", "centerface", 0.6, 40), 3)


def test_with_other_settings_a_run_starts_anew(unfinished):
    run(unfinished, "--unsure-below", "0")
    assert {row["unsure"] for row in rows("out/faces.csv")} == {"False"}


def test_earlier_results_stay_until_the_new_ones_are_complete(photos, monkeypatch):
    run(photos)
    before = contents(Path("out"))
    with pytest.raises(InputError):
        run("nowhere", "--detector", "x")
    interrupt(monkeypatch, after=1)
    with pytest.raises(KeyboardInterrupt):
        run(photos, "--unsure-below", "0")
    after = contents(Path("out"))
    assert {name: after.get(name) for name in before} == before


def test_new_results_replace_the_earlier_ones_and_nothing_else(photos):
    run(photos)
    photo_files.write(Path("out/pictures/mine-20240501.jpg"), b"a file of the user's")
    run(photos / "0.png")
    assert len(rows("out/files.csv")) == 1
    assert len(list(Path("out/pictures").iterdir())) == 2
    assert not UNFINISHED.exists()


def test_a_folder_of_others_is_left_alone(photos):
    with pytest.raises(InputError, match="holds other files"):
        run(photos, out=photos)
    photo_files.write(Path("project/files.csv"), b"a file of the user's")
    with pytest.raises(InputError, match="holds other files"):
        run(photos, out="project")
    Path("file").touch()
    with pytest.raises(InputError, match="is a file"):
        run(photos, out="file")


def test_two_runs_do_not_write_into_one_folder(photos):
    UNFINISHED.mkdir(parents=True)
    with Journal(UNFINISHED, "x"), pytest.raises(InputError, match="another run"):
        run(photos)


def test_a_full_disk_is_an_error_of_the_machine(tmp_path):
    with Journal(tmp_path, "a-key") as journal:
        journal.database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(OSError, match=rf"Errno {errno.ENOSPC}\]"):
            journal.add({"file": "x", "crop": "0" * 100_000})


def test_a_damaged_journal_is_named(tmp_path):
    (tmp_path / NAME).write_bytes(b"x" * 5000)
    with pytest.raises(InputError, match=r"not a database.* remove the file"):
        Journal(tmp_path, "a-key")


def test_pictures_show_boxes_and_can_be_left_out(photos):
    run(photos / "0.png")
    [picture] = Path("out/pictures").iterdir()
    with Image.open(picture) as image:
        assert image.size == (60, 40)
    run(photos / "0.png", "--no-pictures")
    assert not list(Path("out/pictures").iterdir())


def test_labels_cover_no_face_where_there_is_another_place():
    boxes = [Box(x, y, 60, 70) for y in (10, 90, 170) for x in (10, 75, 140)]
    probabilities = {"surprise": 0.998, "fear": 0.002}
    marked = [
        Face(n, box, 0.9, 0, probabilities, 0.5, FACES[0])
        for n, box in enumerate(boxes, start=1)
    ]
    grey = np.full((260, 220, 3), 128, np.uint8)
    image = np.asarray(pictures.draw(grey, marked))
    middle = image[10 + 90 : 90 + 60, 20 + 75 : 75 + 50]  # of the face in the middle
    assert (middle[12:] == 128).all()


def test_the_exit_code_and_the_log_say_what_failed_and_why(photos, monkeypatch, caplog):
    command = ["fer-recognise", str(photos / "0.png"), str(photos / "notes.txt")]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1
    with pytest.raises(SystemExit):  # as of an unset shell variable
        program.parse(["0.png", "--model", ""])
    assert "notes.txt: not a photo: not an image that can be read" in caplog.text


def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    content = photo_files.encoded(Image.fromarray(FACES[0]), "BMP")

    def recognise(number):
        folder = tmp_path / f"many{number}"
        for name in range(number):
            photo_files.write(folder / f"{name:04}.bmp", content)
        run(folder, "--no-pictures", out=f"out{number}")

    recognise(10)
    # Twice, as Python's own table of names may grow in one of them.
    few, *many = (peak_memory(lambda n=n: recognise(n)) for n in (20, 60, 60))
    assert (min(many) - few) / 40 < 2000  # bytes a file, whose crop alone has 2304


@pytest.fixture
def labelled(photos):
    """Six photos by what they show, in any word for it, and a table that says so."""
    lines = ["Path;Label;Group"]
    for number in range(6):
        image = photo_files.ramp(60 + number, 40)
        name = f"{'Sadness' if number < 5 else 'joy'}/{number}.png"
        photo_files.write(photos / name, photo_files.encoded(image, "PNG"))
        lines.append(f"{name}; {name.split('/')[0].upper()} ;{'ab'[number % 2]}")
    (photos / "labels.csv").write_text("\n".join(lines) + "\n")
    return photos


def test_a_path_that_goes_up_has_the_label_of_the_folder_it_leads_to(
    labelled, monkeypatch
):
    out = Path("out").absolute()
    (labelled / "Sadness/raw").mkdir()
    monkeypatch.chdir(labelled / "Sadness/raw")
    run("../0.png", "--labels", "folders", out=out)
    assert json.loads((out / "scores.json").read_text())["images"] == 1


def test_a_table_of_windows_and_a_photo_of_macos_have_the_same_name(photos, caplog):
    photo = photo_files.encoded(photo_files.ramp(60, 40), "PNG")
    photo_files.write(photos / unicodedata.normalize("NFD", "zoë/ä.png"), photo)
    (photos / "labels.csv").write_text("path,label\nzoë\\ä.png,sad\ngone.png,sad\n")
    run(photos, "--labels", photos / "labels.csv")
    assert json.loads(Path("out/scores.json").read_text())["images"] == 1
    assert "Labels without a photo: gone.png." in caplog.text


def test_a_table_that_a_spreadsheet_saved_otherwise_does_not_end_the_next_run(photos):
    run(photos)
    for content in (b"file;picture\n1;2\n", "Datei\tBild\n".encode("utf-16")):
        Path("out/files.csv").write_bytes(content)
        run(photos)
    assert rows("out/files.csv")[0]["picture"]


@pytest.mark.parametrize("source", ["folders", "labels.csv"])
def test_labels_say_how_often_the_emotions_are_right(labelled, source):
    labels = labelled / source if source != "folders" else source
    run(labelled, "--labels", labels)
    scores = json.loads(Path("out/scores.json").read_text())
    predicted = {
        Path(row["file"]).name: row["emotion"]
        for row in rows("out/faces.csv")
        if row["face"] == "1" and Path(row["file"]).parent.name in ("Sadness", "joy")
    }
    sad = sum(predicted[f"{number}.png"] == "sad" for number in range(5))
    assert scores["by_class"]["sad"]["recall"] == pytest.approx(sad / 5)
    assert scores["images"] == 6
    assert scores["baseline"] == pytest.approx(5 / 6, abs=1e-5)
    assert scores["significant"]
    assert list(scores["groups"]) == ([] if source == "folders" else ["a", "b"])
    html = Path("out/index.html").read_text()
    assert "Accuracy on these photos" in html
    assert "the difference is significant" in html


def test_labelled_photos_without_a_face_are_counted_apart(labelled, caplog):
    not_utf8 = labelled / "joy" / os.fsdecode(b"\xe9.png")
    photo = (labelled / "joy/5.png").rename(not_utf8)
    photo.write_bytes((labelled / "no face.png").read_bytes())
    (labelled / "joy/notes.txt").write_text("no photo")
    run(labelled, "--labels", "folders")
    scores = json.loads(Path("out/scores.json").read_text())
    assert (scores["images"], scores["no_face"]) == (5, 1)
    assert f"Not scored: photos in the folders {labelled.name}" in caplog.text


def test_a_link_has_the_label_of_the_folder_that_it_lies_in(labelled):
    (labelled / "joy/6.png").symlink_to("../Sadness/0.png")
    run(labelled, "--labels", "folders")
    scores = json.loads(Path("out/scores.json").read_text())
    assert scores["by_class"]["happy"]["images"] == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("path,label\n0.png,bored\n1.png,\n", "bored, ''. It knows angry"),
        ("file,emotion\n0.png,sad\n", "lacks the column path, label.*file, emotion"),
        ("path,label\nelsewhere.png,sad\n", "No path in .* is one of the photos"),
        ("path,label\n", r"No path in .* is one of the photos: \[\]"),
        ("path,label\n0.png,sad\n0.png,happy\n", r"several rows of \[.*0\.png"),
    ],
    ids=["unknown labels", "other columns", "other photos", "empty", "twice"],
)
def test_labels_that_cannot_be_used_are_an_error(photos, table, message):
    file = photo_files.write(photos / "labels.csv", table.encode())
    with pytest.raises(InputError, match=message):
        run(photos, "--labels", file)
