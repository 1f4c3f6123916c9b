"""Videos and cameras: `fer-recognise clip.mp4`, `fer-recognise --camera 0`."""

import json
import os
import re
import signal
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import photo_files
import pytest
import video_files
from projects import contents
from recognising import interrupt, peak_memory, rows, run, simplify

from fer_transfer.console.errors import InputError
from fer_transfer.detection import videos as reader
from fer_transfer.detection.boxes import Box, Detection
from fer_transfer.detection.status import Rejected
from fer_transfer.detection.videos import Video
from fer_transfer.recognise import timeline
from fer_transfer.recognise.face import Face
from fer_transfer.recognise.tracks import Tracker

FACE = photo_files.drawn_faces(1)[0]


def bright_squares(pixels, smallest_face=0):
    """Find a face in each bright area of a frame, the rightmost first."""
    bright = (pixels[..., 0] > 100).astype(np.uint8)
    areas = cv2.connectedComponentsWithStats(bright)[2][1:]
    boxes = [Box(*map(float, area[:4])) for area in areas if area[4] > 50]
    return [Detection(box, 0.9) for box in sorted(boxes, reverse=True)]


@pytest.fixture(autouse=True)
def _simple(monkeypatch, tmp_path):
    simplify(monkeypatch, tmp_path, bright_squares)


def two_faces(number, width=160):
    """Return frames in which two faces move towards each other, one above the other."""
    first, second = photo_files.drawn_faces(2) // 2 + 128
    frames = []
    for n in range(number):
        frame = np.zeros((120, width, 3), np.uint8)
        frame[5:53, n : n + 48] = first[..., None]
        frame[65:113, width - 50 - n : width - 2 - n] = second[..., None]
        frames.append(frame)
    return frames


@pytest.fixture
def clip(tmp_path):
    """Three seconds of two faces, 30 frames a second."""
    return video_files.write(tmp_path / "clip.avi", two_faces(90), "MJPG")


def times(path, rate=5.0, after=None):
    return [frame.time for frame in Video(str(path)).frames(rate, after)]


def test_frames_are_sampled_at_the_rate_that_is_asked_for(tmp_path):
    images = video_files.brightening(60)
    path = video_files.write(tmp_path / "x.avi", images, "MJPG")
    frames = list(Video(str(path)).frames(5))
    assert [frame.time for frame in frames] == [n / 5 for n in range(10)]
    assert [frame.pixels.mean() for frame in frames] == pytest.approx(
        [12 * n for n in range(10)], abs=2
    )
    assert times(path, after=0.8) == [n / 5 for n in range(5, 10)]
    assert len(times(path, rate=100)) == 60


def test_frames_of_a_variable_rate_are_sampled_by_their_time(tmp_path):
    path = video_files.write(tmp_path / "x.flv", video_files.brightening(8), "FLV1")
    video_files.set_times(path, [0, 0.05, 0.1, 0.5, 0.55, 2, 3, 3.2])
    assert times(path) == [0, 0.5, 2, 3, 3.2]


def test_a_phones_video_is_turned_upright(tmp_path):
    path = video_files.write(tmp_path / "x.mp4", video_files.brightening(3))
    video_files.turn(path)
    [frame, *_] = Video(str(path)).frames(5)
    assert frame.pixels.shape == (64, 48, 3)


@pytest.mark.parametrize("form", ["mp4 mp4v", "webm VP80", "wmv WMV2"])
def test_usual_formats_are_read(tmp_path, form):
    suffix, codec = form.split()
    images = video_files.brightening(30)
    run(video_files.write(tmp_path / f"x.{suffix}", images, codec))
    [file] = rows("out/files.csv")
    assert (file["status"], file["width"], file["height"]) == ("no face", "64", "48")


def test_a_damaged_part_costs_its_frames_and_no_more(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (90, 48, 64, 3), np.uint8)
    path = video_files.write(tmp_path / "x.mp4", noise)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    path.write_bytes(content)
    assert times(path)[-1] == 2.8


def test_what_is_read_of_a_video_that_was_cut_short_is_said(clip):
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) // 2])
    assert run(clip) == 0
    [file] = rows("out/files.csv")
    assert file["status"] == "faces"
    assert re.match(
        r"read up to 1\.\d of 3\.0 seconds: it may be damaged", file["reason"]
    )


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (bytes(4) + b"ftypisom" + bytes(400), "video", "ffmpeg -i FILE -c:v libx264"),
        (b"\x1aE\xdf\xa3" + bytes(400), "video", "OpenCV cannot read it"),
    ],
    ids=["mp4", "webm"],
)
def test_what_is_no_video_gets_a_status(tmp_path, content, status, reason):
    assert run(photo_files.write(tmp_path / "x.mp4", content)) == 1
    [file] = rows("out/files.csv")
    assert file["status"] == status
    assert reason in file["reason"]


def test_a_path_that_is_not_utf_8_is_not_given_to_opencv(clip):
    path = clip.with_name(os.fsdecode(b"clip\xff.avi"))
    clip.rename(path)
    with pytest.raises(Rejected, match="not UTF-8: rename it"):
        Video(str(path))


def test_a_face_keeps_its_number_from_frame_to_frame(clip):
    run(clip)
    faces = rows("out/faces.csv")
    assert len(faces) == 2 * 15
    assert {face["time"] for face in faces} == {str(n / 5) for n in range(15)}
    for number in {face["face"] for face in faces}:
        lefts = [float(face["left"]) for face in faces if face["face"] == number]
        steps = {round(right - left) for left, right in pairwise(lefts)}
        assert steps in ({6}, {-6})


def face(left, happy=0.5):
    shares = {"happy": happy, "sad": 1 - happy}
    return Face(1, Box(left, 0, 40, 40), 0.9, 0, shares, 0.8, FACE)


def numbers(faces):
    return [face.number for face in faces]


def test_a_face_that_comes_back_later_is_a_new_one():
    tracker = Tracker(0)
    assert numbers(tracker.update(0, [face(0), face(100)])) == [1, 2]
    assert numbers(tracker.update(0.2, [face(95)])) == [2]
    assert numbers(tracker.update(1.5, [face(300), face(5)])) == [3, 1]
    assert numbers(tracker.update(1.6, [])) == []
    assert numbers(tracker.update(9, [face(5)])) == [4]


def test_a_face_keeps_its_number_where_frames_lie_far_apart():
    tracker = Tracker(0)
    assert [numbers(tracker.update(9 * n, [face(n)])) for n in range(3)] == [[1]] * 3


def test_the_larger_overlap_decides_between_two_faces():
    tracker = Tracker(0)
    tracker.update(0, [face(0), face(30)])
    assert numbers(tracker.update(0.2, [face(24), face(4)])) == [2, 1]


@pytest.mark.parametrize(("smoothing", "old"), [(2, np.exp(-0.25)), (0, 0)])
def test_probabilities_are_smoothed_exponentially_or_not(smoothing, old):
    tracker = Tracker(smoothing)
    tracker.update(0, [face(0, happy=1)])
    [smoothed] = tracker.update(0.5, [face(0, happy=0)])
    assert smoothed.shares == pytest.approx([old, 1 - old], abs=1e-6)
    assert smoothed.unsure == bool(old)


def test_photos_and_videos_share_tables_and_page(clip, tmp_path):
    image = photo_files.encoded(photo_files.ramp(160, 120), "PNG")
    photo_files.write(tmp_path / "holiday/a.png", image)
    clip.rename(tmp_path / "holiday/b.bin")
    run(tmp_path / "holiday")
    assert [row["status"] for row in rows("out/files.csv")] == ["faces", "faces"]
    assert [row["faces"] for row in rows("out/files.csv")] == ["1", "2"]
    written = Path("out/faces.jsonl").read_text().splitlines()
    lines = [json.loads(line) for line in written]
    assert [line["time"] for line in lines[:4]] == [None, 0.0, 0.0, 0.2]
    html = Path("out/index.html").read_text()
    assert html.count("<svg") == 2
    assert "smoothed exponentially over 1 s" in html
    assert not re.search(r'(src|href)="(?!data:|#)', html)


def test_a_timeline_has_an_area_per_emotion_where_a_face_is_seen():
    frames = [(n / 5, [face(0, 0.25)] if n < 5 else []) for n in range(10)]
    happy, sad = timeline.draw(frames, [1], 2, 10, 2.0)[1]
    height, width = timeline.HEIGHT, timeline.WIDTH / 10
    assert happy.startswith(f"M0.0 {height:.1f}V{0.75 * height:.1f}h{width:.1f}")
    assert sad.startswith(f"M0.0 {0.75 * height:.1f}V0.0h{width:.1f}")
    assert happy.count("M") == 5


@pytest.mark.parametrize(("changed", "after"), [(False, 2.2), (True, None)])
def test_a_killed_run_goes_on_with_the_next_frame_if_the_video_is_the_same(
    clip, monkeypatch, changed, after
):
    run(clip, out="whole")
    with monkeypatch.context() as patch:
        interrupt(patch, after=12)
        with pytest.raises(KeyboardInterrupt):
            run(clip)
    if changed:
        os.utime(clip, ns=(1, 1))
    asked, read = [], Video.frames

    def frames(self, rate, after=None):
        asked.append(after)
        return read(self, rate, after)

    monkeypatch.setattr(Video, "frames", frames)
    run(clip)
    assert asked == [after]
    assert contents(Path("out")) == contents(Path("whole"))


def test_the_video_with_boxes_is_as_long_as_the_video(clip):
    run(clip, "--draw-videos")
    [file] = rows("out/files.csv")
    drawn = Video(f"out/pictures/{file['picture']}")
    assert drawn.duration == pytest.approx(3)
    run(clip, "--draw-videos", out="run:1")  # the beginning of an address to FFmpeg
    assert Path("run:1/pictures", file["picture"]).stat().st_size
    [frame, *_] = drawn.frames(5)
    assert frame.pixels.shape == (120, 160, 3)
    assert (
        np.ptp(frame.pixels.astype(int), axis=2) > 100
    ).any()  # the boxes have a colour


@pytest.fixture
def camera(clip, monkeypatch):
    """A file in place of camera 0, its time by a clock that goes with the frames."""
    ticks = count()
    opened = cv2.VideoCapture
    monkeypatch.setattr(
        reader.cv2,
        "VideoCapture",
        lambda source, *_: opened(str(clip)) if source == 0 else opened(source),
    )
    # The reader's clock alone: other threads read the module's.
    clock = SimpleNamespace(monotonic=lambda: next(ticks) / 30)
    monkeypatch.setattr(reader, "time", clock)
    return ticks


def test_a_camera_is_recorded_until_it_ends(camera):
    assert run("--camera", "0") == 0
    [file] = rows("out/files.csv")
    assert (file["file"], file["status"], file["faces"]) == ("camera 0", "faces", "2")
    assert len(rows("out/faces.csv")) == pytest.approx(2 * 15, abs=2)


def test_ctrl_c_ends_a_recording_and_its_results_are_written(camera, monkeypatch):
    handler = signal.getsignal(signal.SIGINT)

    def press() -> float:
        if (tick := next(camera)) == 30:
            # Called as Python would: a raised signal ended a process of the tests.
            signal.getsignal(signal.SIGINT)(signal.SIGINT, None)
        return tick / 30

    monkeypatch.setattr(reader, "time", SimpleNamespace(monotonic=press))
    assert run("--camera", "0") == 0
    assert 2 < len(rows("out/faces.csv")) < 25
    assert signal.getsignal(signal.SIGINT) == handler


def test_a_camera_that_is_not_there_is_an_error_and_nothing_is_replaced(clip):
    run(clip)
    before = contents(Path("out"))
    with pytest.raises(InputError, match="Check that it is connected"):
        run("--camera", "97")
    assert before.items() <= contents(Path("out")).items()


def test_a_recording_that_was_killed_is_finished_and_lost_by_no_other_run(
    camera, clip, monkeypatch
):
    with monkeypatch.context() as patch:
        interrupt(patch, after=5)
        with pytest.raises(KeyboardInterrupt):
            run("--camera", "0")
    for others in ([clip], ["--camera", "0", "--frames", "3"]):
        with pytest.raises(InputError, match="5 frames of a recording"):
            run(*others)
    run("--camera", "0")
    assert len(rows("out/faces.csv")) > 2 * 5


def test_memory_does_not_grow_with_the_length_of_a_video(tmp_path, monkeypatch):
    monkeypatch.setattr(timeline, "INTERVALS", 20)
    frame = two_faces(1)[0][:56, :104]

    def recognise(number):
        path = video_files.write(tmp_path / f"{number}.avi", [frame] * number, "MJPG")
        run(path, "--frames", "30", out=f"out{number}")

    recognise(30)
    few, *many = (peak_memory(lambda n=n: recognise(n)) for n in (50, 200, 200))
    assert (min(many) - few) / 150 < 500  # bytes a frame, whose crop alone has 2304


@pytest.mark.parametrize(
    "arguments",
    [[], ["x.mp4", "--frames", "0"], ["x.mp4", "--unsure-below", "1.5"]],
    ids=str,
)
def test_a_command_line_that_cannot_be_meant_is_refused(arguments):
    with pytest.raises((SystemExit, InputError)):
        run(*arguments)
