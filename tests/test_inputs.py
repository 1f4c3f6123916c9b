import io
import os
from pathlib import Path

import pytest
from sources import write_files

from fer_transfer.console.errors import InputError
from fer_transfer.detection.inputs import Input, list_inputs
from fer_transfer.detection.photos import read_photo
from fer_transfer.detection.status import Rejected, Status


def make(folder: Path, *names: str) -> None:
    write_files(folder, dict.fromkeys(names, b""))


def names(inputs: list[Input], top: Path) -> list[str]:
    return [os.path.relpath(entry.path, top) for entry in inputs]


def test_a_folder_is_read_to_its_depths_in_the_order_of_names(tmp_path):
    expected = ["0.jpg", "a/deep/3.jpg", "b/1.jpg", "b/2.jpg"]
    make(tmp_path, *reversed(expected))
    inputs = list_inputs([str(tmp_path)])
    assert names(inputs, tmp_path) == expected
    assert not any(entry.named for entry in inputs)


def test_a_loop_of_links_is_walked_once(tmp_path):
    make(tmp_path, "a/1.jpg")
    (tmp_path / "a/again").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert names(list_inputs([str(tmp_path)]), tmp_path) == ["a/1.jpg"]


def test_an_empty_folder_is_listed_as_such(tmp_path):
    (tmp_path / "below").mkdir()
    [entry] = list_inputs([str(tmp_path)])
    assert entry.rejected.status == Status.EMPTY
    assert "holds no file" in entry.rejected.reason


def test_a_folder_that_may_not_be_read_is_listed_and_the_others_read(
    tmp_path, monkeypatch
):
    def walk(top, onerror, followlinks):
        onerror(PermissionError(13, "Permission denied", f"{top}/closed"))
        yield top, [], ["1.jpg"]

    monkeypatch.setattr(os, "walk", walk)
    photo, closed = list_inputs([str(tmp_path)])
    assert names([photo, closed], tmp_path) == ["1.jpg", "closed"]
    assert closed.rejected.status == Status.NO_PERMISSION
    assert not photo.rejected


@pytest.mark.parametrize(
    ("end", "encoding"),
    [("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\r\n", "utf-16"), ("\0", "utf-8")],
)
def test_a_list_comes_from_standard_input(tmp_path, monkeypatch, end, encoding):
    paths = [str(tmp_path / name) for name in ("b c.jpg", "ä.jpg")]
    content = "".join(f"{path}{end}" for path in paths).encode(encoding)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert [entry.path for entry in list_inputs(["-"])] == paths


def test_a_list_without_a_path_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    with pytest.raises(InputError, match="is empty"):
        list_inputs(["-"])


def test_every_input_is_listed_once(tmp_path, monkeypatch):
    make(tmp_path, "1.jpg")
    monkeypatch.chdir(tmp_path)
    [entry] = list_inputs([str(tmp_path), f"{tmp_path}/./1.jpg", "1.jpg"])
    assert entry.named  # by the second argument
    with pytest.raises(InputError, match="A path is empty"):
        list_inputs([""])


def test_the_folder_of_results_is_left_out(tmp_path):
    make(tmp_path, "recognised/old.jpg", "1.jpg")
    inputs = list_inputs([str(tmp_path)], leave_out=tmp_path / "recognised")
    assert names(inputs, tmp_path) == ["1.jpg"]


@pytest.mark.parametrize(
    "results", [("faces.csv", "files.csv", "faces.jsonl"), (".unfinished/x",)]
)
def test_results_of_another_run_are_named_and_not_entered(tmp_path, results):
    make(tmp_path / "old", *results, "pictures/1.jpg")
    [entry] = list_inputs([str(tmp_path)])
    assert entry.path == str(tmp_path / "old")
    assert entry.rejected.status == Status.SKIPPED


def test_a_name_that_is_no_text_can_be_shown(tmp_path):
    make(tmp_path, os.fsdecode(b"\xff.jpg"))
    [entry] = list_inputs([str(tmp_path)])
    assert entry.shown.endswith(r"\xff.jpg")


@pytest.mark.parametrize("name", ["none.jpg", "itself.jpg", "a\0b.jpg"])
def test_what_is_not_there_is_listed_and_cannot_be_read(tmp_path, name):
    (tmp_path / "itself.jpg").symlink_to("itself.jpg")
    [entry] = list_inputs([str(tmp_path / name)])
    with pytest.raises(Rejected, match="missing: it cannot be opened"):
        read_photo(Path(entry.path))
