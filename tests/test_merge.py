"""Results of another clone: taken where they fit here, left where they do not."""

import os
import shutil
from pathlib import Path

import projects
import pytest
import toys
from dvc.repo import Repo

from fer_transfer.console.errors import InputError
from tools import merge
from tools.pipeline import Entry, Pipeline, Stage, recorded

pytestmark = pytest.mark.slow

SECOND = "runs: {a: {variant: a, seed: 42}, b: {variant: a, seed: 43}}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    toys.make(folder, projects.environment(folder.parent))
    projects.edit(folder / "params.yaml", "runs: {a: {variant: a, seed: 42}}", SECOND)
    projects.commit(folder, "A second seed")
    return folder


@pytest.fixture
def clones(made, tmp_path, monkeypatch):
    """Here, in which the test stands, and there, where a second seed has run."""
    there = shutil.copytree(made, tmp_path / "there")
    return projects.enter_copy(made, tmp_path, monkeypatch), there


def run(folder: Path) -> None:
    projects.dvc(folder, dict(os.environ), "repro", "evaluate@b")


def test_what_ran_there_is_not_run_here(clones, caplog):
    caplog.set_level("INFO")
    _, there = clones
    run(there)
    merge.main(str(there))
    assert projects.would_run("--allow-missing") == []
    assert "Taken over: train@b, evaluate@b." in caplog.text
    for name in ("dvc.lock", "metrics/test/b.json", "plots/predictions/b.csv"):
        assert Path(name).read_bytes() == (there / name).read_bytes()


def test_merging_again_takes_nothing(clones, caplog):
    caplog.set_level("INFO")
    _, there = clones
    run(there)
    merge.main(str(there))
    merge.main(str(there))
    assert caplog.messages[-1] == "Taken over: nothing."


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stages/train.py", "START = 0.5", "START = 0.25"),
        ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.2"),
    ],
    ids=["code", "a setting"],
)
def test_a_result_of_other_code_or_settings_is_left(clones, caplog, name, old, new):
    here, there = clones
    projects.edit(there / name, old, new)
    run(there)
    before = (here / "dvc.lock").read_bytes()
    merge.main(str(there))
    assert (here / "dvc.lock").read_bytes() == before
    assert "Left: train@b, evaluate@b." in caplog.text


def test_a_result_of_other_data_is_left(clones, caplog):
    here, there = clones
    toys.write_source(there / "source.csv", seed=1)
    projects.dvc(there, dict(os.environ), "repro", "-f", "download")
    run(there)
    before = (here / "dvc.lock").read_bytes()
    merge.main(str(there))
    assert (here / "dvc.lock").read_bytes() == before
    assert "train@b" in caplog.text
    assert not (here / "metrics/test/b.json").exists()


def test_a_file_that_was_changed_after_its_run_is_refused_and_nothing_is_taken(clones):
    here, there = clones
    run(there)
    (there / "metrics/test/b.json").write_text("{}")
    before = (here / "dvc.lock").read_bytes()
    with pytest.raises(InputError, match=r"is not what the dvc\.lock there records of"):
        merge.main(str(there))
    assert (here / "dvc.lock").read_bytes() == before
    assert not (here / "plots/predictions/b.csv").exists()


@pytest.mark.parametrize(("hash_", "taken"), [("0ab.dir", []), ("0ab", ["tabulate"])])
def test_a_stage_that_keeps_a_whole_folder_in_git_runs_again_here(hash_, taken):
    stage = Stage(
        "x",
        False,
        {},
        {},
        {},
        frozenset({"metrics/study"}),
        frozenset({"metrics/study"}),
    )
    theirs = {"tabulate": Entry("x", {}, {}, {"metrics/study": hash_})}
    assert merge.fitting(Pipeline({"tabulate": stage}, {}), theirs) == (taken, [])


def test_beside_another_dvc_command_nothing_is_written(clones):
    here, there = clones
    run(there)
    before = (here / "dvc.lock").read_bytes()
    with Repo().lock, pytest.raises(InputError, match="Wait for it to end"):
        merge.main(str(there))
    assert (here / "dvc.lock").read_bytes() == before


def test_a_folder_that_is_no_clone_is_named(clones, tmp_path):
    with pytest.raises(InputError, match="name the folder of another clone"):
        merge.main(str(tmp_path))


CONFLICT = """\
schema: '2.0'
stages:
<<<<<<< HEAD
  train@a: {cmd: one}
=======
  train@a: {cmd: two}
>>>>>>> theirs
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CONFLICT, "holds a merge conflict. Solve that of params.yaml first"),
        ("", "is empty or damaged. Restore it from Git"),
        ("stages: {a: ", "is empty or damaged"),
        ("stages: [a]", "is empty or damaged"),
    ],
    ids=["in conflict", "empty", "cut short", "no mapping"],
)
@pytest.mark.parametrize("side", ["here", "there"])
def test_a_lock_that_cannot_be_read_is_named_with_what_to_do(
    clones, text, message, side
):
    _, there = clones
    (there / "dvc.lock" if side == "there" else Path("dvc.lock")).write_text(text)
    with pytest.raises(InputError, match=rf"dvc\.lock {message}"):
        merge.main(str(there))


def test_a_lock_without_stages_has_nothing_to_take(clones, caplog):
    caplog.set_level("INFO")
    _, there = clones
    (there / "dvc.lock").write_text("schema: '2.0'\n")
    merge.main(str(there))
    assert caplog.messages[-1] == "Taken over: nothing."


def test_what_ran_there_is_taken_into_a_lock_without_stages(clones):
    _, there = clones
    run(there)
    Path("dvc.lock").write_text("schema: '2.0'\n")
    merge.main(str(there))
    assert {"train@a", "train@b"} <= set(recorded(Path("dvc.lock").read_text()))
