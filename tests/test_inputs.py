import io
import os
from pathlib import Path

import pytest

from fer_transfer.detection.inputs import list_inputs
from fer_transfer.detection.photos import read_photo
from fer_transfer.detection.status import Rejected, Status


def names(inputs, top):
    return [os.path.relpath(one.path, top) for one in inputs]


def test_a_folder_is_read_to_its_depths_in_the_order_of_names(tmp_path):
    for name in ("b/2.jpg", "b/1.jpg", "a/deep/3.jpg", "0.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = list_inputs([str(tmp_path)])
    assert names(found, tmp_path) == ["0.jpg", "a/deep/3.jpg", "b/1.jpg", "b/2.jpg"]
    assert not any(one.named for one in found)


def test_a_loop_of_links_is_walked_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.jpg").touch()
    (tmp_path / "a/again").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert names(list_inputs([str(tmp_path)]), tmp_path) == ["a/1.jpg"]


def test_an_empty_folder_is_listed_as_such(tmp_path):
    (tmp_path / "below").mkdir()
    [one] = list_inputs([str(tmp_path)])
    assert one.rejected.status == Status.EMPTY
    assert "holds no file" in one.rejected.reason


def test_a_folder_that_may_not_be_read_is_listed_and_the_others_read(
    tmp_path, monkeypatch
):
    def walk(top, onerror, followlinks):
        onerror(PermissionError(13, "Permission denied", f"{top}/closed"))
        yield top, [], ["1.jpg"]

    monkeypatch.setattr(os, "walk", walk)
    found = {Path(one.path).name: one for one in list_inputs([str(tmp_path)])}
    assert found["closed"].rejected.status == Status.NO_PERMISSION
    assert not found["1.jpg"].rejected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"], ids=["lines", "dos", "zeros"])
def test_a_list_comes_from_standard_input(tmp_path, monkeypatch, end):
    paths = [str(tmp_path / name) for name in ("b c.jpg", "ä.jpg")]
    for path in paths:
        Path(path).touch()
    content = "".join(f"{path}{end}" for path in paths).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert [one.path for one in list_inputs(["-"])] == paths


def test_every_input_is_listed_once(tmp_path):
    photo = tmp_path / "1.jpg"
    photo.touch()
    [one] = list_inputs([str(tmp_path), str(photo), f"{tmp_path}/./1.jpg"])
    assert one.named  # by the second argument


def test_the_folder_of_results_is_left_out(tmp_path):
    (tmp_path / "recognised").mkdir()
    (tmp_path / "recognised/old.jpg").touch()
    (tmp_path / "1.jpg").touch()
    found = list_inputs([str(tmp_path)], leave_out=tmp_path / "recognised")
    assert names(found, tmp_path) == ["1.jpg"]


@pytest.mark.parametrize(
    "name", ["faces.csv files.csv faces.jsonl index.html", ".unfinished/x"]
)
def test_results_of_another_run_are_named_and_not_entered(tmp_path, name):
    for file in [f"old/{one}" for one in name.split()] + ["old/pictures/1.jpg"]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    [one] = list_inputs([str(tmp_path)])
    assert one.path == str(tmp_path / "old")
    assert one.rejected.status == Status.SKIPPED


def test_a_name_that_is_no_text_can_be_shown(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg")).touch()
    [one] = list_inputs([str(tmp_path)])
    assert one.shown.endswith(r"\xff.jpg")


@pytest.mark.parametrize("name", ["none.jpg", "itself.jpg", "a\0b.jpg"])
def test_what_is_not_there_is_listed_and_cannot_be_read(tmp_path, name):
    (tmp_path / "itself.jpg").symlink_to("itself.jpg")
    [entry] = list_inputs([str(tmp_path / name)])
    with pytest.raises(Rejected, match="missing: it cannot be opened"):
        read_photo(Path(entry.path))
