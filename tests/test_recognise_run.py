import csv
import json
import os
import re
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import photo_files
import pytest
from PIL import Image

from fer_transfer.console import command as console
from fer_transfer.console.errors import InputError
from fer_transfer.core.journal import NAME, Journal
from fer_transfer.detection import detectors
from fer_transfer.detection.detectors import Box, Detection, Detector
from fer_transfer.recognise import pictures
from tools import recognise as program

FACES = photo_files.drawn_faces()


def two_halves(pixels):
    """Find a face in each half of a photo, and none in a small one."""
    height, width = pixels.shape[:2]
    if height < 30:
        return []
    half = width / 2
    return [Detection(Box(side, 0, half, height), 0.9) for side in (half, 0)]


@pytest.fixture(autouse=True)
def _simple(monkeypatch, tmp_path):
    """Recognise by a model and a detector that take no time."""
    monkeypatch.setattr(program, "open_model", photo_files.simple_model)
    detector = Detector("halves", two_halves, "width", 1.0)
    monkeypatch.setitem(detectors.DETECTORS, "centerface", detector)
    monkeypatch.chdir(tmp_path)


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


def run(*arguments, out="out"):
    options = program.parse([*map(str, arguments), "--out", str(out)])
    return program.recognise(options)


def rows(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def test_every_input_is_in_files_csv_once_with_status_and_reason(photos):
    assert run(photos, photos / "0.png", "gone.jpg") == 2
    said = {Path(row["file"]).name: row for row in rows("out/files.csv")}
    assert {name: row["status"] for name, row in said.items()} == {
        "0.png": "faces",
        "1.png": "faces",
        "2.png": "faces",
        "crop.png": "faces",
        "cut.jpg": "damaged",
        "gone.jpg": "missing",
        "no face.png": "no face",
        "notes.txt": "skipped",
    }
    assert all(said[name]["reason"] for name in ("cut.jpg", "gone.jpg", "notes.txt"))
    assert said["0.png"]["faces"] == "2"


@pytest.mark.parametrize("name", ["a\rb.png", "a\nb.png", 'a,"b.png'], ids=repr)
def test_a_file_name_may_hold_whatever_ends_a_row_or_a_cell(photos, name):
    (photos / "0.png").rename(photos / name)
    run(photos / name)
    assert [Path(row["file"]).name for row in rows("out/files.csv")] == [name]
    assert [Path(row["file"]).name for row in rows("out/faces.csv")] == [name] * 2


def test_faces_csv_has_a_row_per_face_with_every_emotions_probability(photos):
    run(photos / "0.png")
    first, second = rows("out/faces.csv")
    assert (first["left"], first["width"]) == ("0", "30.0")
    assert second["left"] == "30.0"
    shares = [float(first[name]) for name in photo_files.CLASSES]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    best = photo_files.CLASSES[int(np.argmax(shares))]
    assert first["emotion"] in (best, "unsure")
    lines = [
        json.loads(line) for line in Path("out/faces.jsonl").read_text().splitlines()
    ]
    assert lines[0]["probabilities"][best] == max(shares)


def test_an_emotion_is_named_from_the_probability_that_is_asked_for(photos):
    run(photos / "0.png", "--unsure-below", "0")
    assert "unsure" not in {row["emotion"] for row in rows("out/faces.csv")}
    run(photos / "0.png", "--unsure-below", "1")
    assert {row["emotion"] for row in rows("out/faces.csv")} == {"unsure"}


def test_a_crop_of_fer2013s_kind_is_taken_whole(photos):
    run(photos / "crop.png")
    [face] = rows("out/faces.csv")
    expected = photo_files.simple_model().probabilities(FACES[3])
    shares = [float(face[name]) for name in photo_files.CLASSES]
    assert shares == pytest.approx(expected.tolist(), abs=1e-6)
    assert face["score"] == ""


def test_boxes_are_those_of_the_displayed_photo(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    content = photo_files.encoded(photo_files.ramp(40, 60), "PNG", exif=exif)
    run(photo_files.write(tmp_path / "x.png", content))
    assert [row["width"] for row in rows("out/faces.csv")] == ["30.0", "30.0"]
    [said] = rows("out/files.csv")
    assert (said["width"], said["height"]) == ("60", "40")


def test_the_order_of_inputs_changes_no_number(photos):
    names = [photos / f"{number}.png" for number in range(3)]
    run(*names, out="one")
    run(*names[::-1], out="two")
    one, two = (
        sorted(tuple(row.values()) for row in rows(f"{folder}/faces.csv"))
        for folder in ("one", "two")
    )
    assert one == two


def test_two_runs_write_the_same_bytes(photos):
    run(photos, out="one")
    run(photos, out="two")
    assert contents("one") == contents("two")


def test_a_run_that_was_cut_off_goes_on_and_ends_the_same(photos, monkeypatch):
    run(photos, out="whole")
    done = []
    record = program.Recogniser.record

    def breaks(self, one):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(one.path)
        return record(self, one)

    monkeypatch.setattr(program.Recogniser, "record", breaks)
    with pytest.raises(KeyboardInterrupt):
        run(photos, out="out")
    assert not Path("out/faces.csv").exists()
    with Path("out", NAME).open("ab") as journal:
        journal.write(b'{"file": "cut in the mid')

    again = []
    monkeypatch.setattr(
        program.Recogniser,
        "record",
        lambda self, one: again.append(one.path) or record(self, one),
    )
    run(photos, out="out")
    assert contents("out") == contents("whole")
    assert len(again) == 7 - 3
    assert not set(again) & set(done)


def test_what_has_changed_since_is_read_again(photos, monkeypatch):
    journal_of_all(photos, monkeypatch)
    os.utime(photos / "1.png", ns=(1, 1))
    record, again = program.Recogniser.record, []
    monkeypatch.setattr(
        program.Recogniser,
        "record",
        lambda self, one: again.append(one.path) or record(self, one),
    )
    run(photos)
    assert [Path(path).name for path in again] == [
        "1.png",
        "cut.jpg",
    ]  # failures as well


def journal_of_all(photos, monkeypatch):
    """Leave an unfinished run that lacks its tables alone."""
    with monkeypatch.context() as patch:
        patch.setattr(program, "write_results", lambda *_: 0)
        run(photos)


def test_with_other_settings_a_run_starts_anew(photos, monkeypatch):
    journal_of_all(photos, monkeypatch)
    run(photos, "--unsure-below", "0")
    assert "unsure" not in {row["emotion"] for row in rows("out/faces.csv")}


def test_a_new_run_removes_the_results_of_the_old_one(photos, monkeypatch):
    run(photos)
    journal_of_all(photos / "0.png", monkeypatch)
    assert [path.name for path in Path("out").glob("*.csv")] == []
    assert len(list(Path("out/pictures").iterdir())) == 1


def test_a_folder_of_others_is_left_alone(photos):
    with pytest.raises(InputError, match="holds files of others"):
        run(photos, out=photos)
    Path("file").touch()
    with pytest.raises(InputError, match="is a file"):
        run(photos, out="file")


def test_two_runs_do_not_write_into_one_folder(photos):
    Path("out").mkdir()
    with Journal(Path("out"), "x"), pytest.raises(InputError, match="Another run"):
        run(photos)


def test_a_journal_whose_first_line_was_cut_short_begins_anew(tmp_path):
    (tmp_path / NAME).write_bytes(b'{"key": "a-long-')
    with Journal(tmp_path, "a-long-key") as journal:
        journal.add({"file": "0.png"})
    with Journal(tmp_path, "a-long-key") as journal:
        assert journal.find("0.png") == {"file": "0.png"}


def test_pictures_show_boxes_and_can_be_left_out(photos):
    run(photos / "0.png")
    [picture] = Path("out/pictures").iterdir()
    with Image.open(picture) as image:
        assert image.size == (60, 40)
    run(photos / "0.png", "--no-pictures", out="without")
    assert not Path("without/pictures").exists()


def test_photos_of_one_name_have_pictures_of_their_own():
    assert pictures.name_for("a/1.jpg") != pictures.name_for("b/1.jpg")
    assert re.fullmatch(r"[\w-]+\.jpg", pictures.name_for("../<b> &.jpg"))


def test_the_page_is_whole_and_says_what_is_not_known(photos):
    bad = photos / "<script>alert(1)</script>.jpg"
    photo_files.write(Path(str(bad).replace("/script>", "_script>")), b"x")
    run(photos)
    page = Path("out/index.html").read_text(encoding="utf-8")
    assert "is not known" in page
    assert "50.0% (95% interval" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count('class="seen"') == 7
    assert "cut.jpg" in page


def test_a_page_without_any_face_says_so(photos):
    run(photos / "no face.png")
    assert "No face was found." in Path("out/index.html").read_text()


@pytest.fixture
def command(monkeypatch):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["recognise", *map(str, arguments)])
        try:
            console.run(program.main)
        except SystemExit as ended:
            return ended.code
        return 0

    return call


def test_the_exit_code_says_whether_a_file_failed(photos, command):
    assert command(photos / "0.png", photos / "notes.txt", "--out", "a") == 1
    assert command(photos / "0.png", "--out", "b") == 0


@pytest.mark.parametrize("content", ["1.5", "-1", "x"])
def test_a_probability_must_be_one(photos, command, content, capsys):
    assert command(photos, f"--unsure-below={content}") == 2
    assert "--unsure-below" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(photos, command, monkeypatch, caplog):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "work", stop)
    assert command(photos) == 130
    assert "Run the same command again to go on." in caplog.text


def test_a_full_disk_says_so(photos, command, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(program, "work", full)
    assert "The disk is full: free some space. Then run the same" in command(photos)


def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    def peak(number):
        folder = tmp_path / f"many{number}"
        content = photo_files.encoded(Image.fromarray(FACES[0]), "BMP")
        for name in range(number):
            photo_files.write(folder / f"{name:04}.bmp", content)
        tracemalloc.start()
        run(folder, "--no-pictures", out=f"out{number}")
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(10)
    few, many = peak(20), peak(100)
    assert (many - few) / 80 < 1500  # bytes a file: its path and where its record is


def test_a_killed_process_leaves_a_run_to_go_on_with(photos, tmp_path):
    root = Path(__file__).parents[1]
    code = (
        "import sys, time; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/tests'];"
        "import photo_files; from tools import recognise as program;"
        "program.open_model = photo_files.simple_model;"
        "record = program.Recogniser.record;"
        "program.Recogniser.record = lambda self, one: (time.sleep(0.2), record(self, one))[1];"
        "program.recognise(program.parse(sys.argv[2:]))"
    )
    call = [sys.executable, "-c", code, str(root), str(photos), "--detector", "haar"]
    with subprocess.Popen([*call, "--out", "out"]) as process:
        while not Path("out", NAME).exists() or Path("out", NAME).stat().st_size < 500:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert not Path("out/files.csv").exists()
    subprocess.run([*call, "--out", "out"], check=True)
    subprocess.run([*call, "--out", "whole"], check=True)
    assert contents("out") == contents("whole")
