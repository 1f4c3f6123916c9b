"""Results of another clone: taken where they fit here, left where they do not."""

import shutil
from dataclasses import replace
from pathlib import Path

import projects
import pytest
import toys
from dvc.repo import Repo

from fer_transfer.console.errors import InputError
from fer_transfer.results.record import hashes, recorded
from tools import merge
from tools.pipeline import Pipeline, Stage

pytestmark = pytest.mark.slow

SECOND = "runs: {a: {variant: a, seed: 42}, b: {variant: a, seed: 43}}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study before, and another clone of it after a second seed has run."""
    before = tmp_path_factory.mktemp("toy") / "before"
    before.mkdir()
    env = projects.environment(before.parent)
    toys.make(before, env)
    projects.edit(before / "params.yaml", "runs: {a: {variant: a, seed: 42}}", SECOND)
    projects.commit(before, "A second seed")
    after = shutil.copytree(before, before.with_name("after"))
    projects.dvc(after, env, "repro", "evaluate@b")
    return before, after


@pytest.fixture
def there(made, tmp_path, monkeypatch, caplog):
    """Stand in the study; give the other clone."""
    caplog.set_level("INFO")
    before, after = made
    projects.enter_copy(before, tmp_path, monkeypatch)
    return shutil.copytree(after, tmp_path / "there")


@pytest.fixture
def nothing_is_taken(there):
    """Hold a test to it."""
    before = Path("dvc.lock").read_bytes()
    yield
    assert Path("dvc.lock").read_bytes() == before
    assert not Path("metrics/test/b.json").exists()


def test_what_ran_there_is_not_run_here_and_is_taken_once(there, caplog):
    merge.main(str(there))
    assert projects.would_run("--allow-missing") == []
    assert "Taken over: train@b, evaluate@b." in caplog.text
    for name in ("dvc.lock", "metrics/test/b.json", "plots/predictions/b.csv"):
        assert Path(name).read_bytes() == (there / name).read_bytes()
    merge.main(str(there))
    assert caplog.messages[-1] == "Taken over: nothing."


def test_a_run_that_is_not_listed_here_is_not_taken(there, caplog):
    projects.edit(Path("params.yaml"), SECOND, "runs: {a: {variant: a, seed: 42}}")
    merge.main(str(there))
    assert caplog.messages[-1] == "Taken over: nothing."


def test_what_is_current_here_stays_as_its_outputs_may_not_be_there(there, caplog):
    lock = there / "dvc.lock"
    ours = hashes(recorded()["train@a"], "outs")["data/runs/a/weights.npz"]
    lock.write_text(lock.read_text().replace(ours, "f" * 32))
    merge.main(str(there))
    assert "Taken over: train@b, evaluate@b." in caplog.text
    assert hashes(recorded()["train@a"], "outs")["data/runs/a/weights.npz"] == ours


def test_settings_that_dvc_cannot_read_are_an_error(there):
    with Path("params.yaml").open("a") as file:
        file.write("<<<<<<< HEAD\n")
    with pytest.raises(InputError, match=r"DVC cannot read dvc\.yaml and params\.yaml"):
        merge.main(str(there))


@pytest.mark.usefixtures("nothing_is_taken")
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stages/train.py", "START = 0.5", "START = 0.25"),
        ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.2"),
    ],
    ids=["code", "a setting"],
)
def test_a_result_of_other_code_or_settings_is_left(there, caplog, name, old, new):
    projects.edit(Path(name), old, new)
    merge.main(str(there))
    assert "Not taken: train@b, evaluate@b." in caplog.text


@pytest.mark.usefixtures("nothing_is_taken")
def test_a_result_of_other_data_is_left(there, caplog):
    lock = there / "dvc.lock"
    text = lock.read_text()
    for stage, path in (("prepare", "faces/images"), ("features@a", "features/a")):
        made = hashes(recorded(lock)[stage], "outs")[f"data/{path}.npy"]
        text = text.replace(made, "f" * 32)
    lock.write_text(text)
    merge.main(str(there))
    assert "Not taken: train@b, evaluate@b." in caplog.text


@pytest.mark.usefixtures("nothing_is_taken")
def test_a_file_that_was_changed_after_its_run_is_refused_and_nothing_is_taken(there):
    (there / "metrics/test/b.json").write_text("{}")
    with pytest.raises(
        InputError, match=r"in the other clone is not what its dvc\.lock"
    ):
        merge.main(str(there))
    assert not Path("plots/predictions/b.csv").exists()


@pytest.mark.parametrize(("hash_", "taken"), [("0ab.dir", []), ("0ab", ["tabulate"])])
def test_a_stage_that_keeps_a_whole_folder_in_git_runs_again_here(hash_, taken):
    folder = frozenset({"metrics/study"})
    stage = Stage("x", False, {}, {}, {}, outs=folder, kept=folder)
    outs = [{"path": "metrics/study", "md5": hash_}]
    theirs = {"tabulate": {"cmd": "x", "outs": outs}}
    assert merge.fitting(Pipeline({"tabulate": stage}, {}), theirs) == (taken, [])


def test_current_features_stay_as_runs_here_were_made_from_them():
    stage = Stage("x", True, {}, {}, {}, frozenset("f"))
    ours, theirs = (
        {"features@x": {"cmd": "x", "outs": [{"path": "f", "md5": md5}]}}
        for md5 in "12"
    )
    here = Pipeline({"features@x": replace(stage, unshared=stage.outs)}, ours)
    assert merge.fitting(here, theirs) == ([], [])


@pytest.mark.usefixtures("nothing_is_taken")
def test_beside_another_dvc_command_nothing_is_written(there):
    with Repo().lock, pytest.raises(InputError, match="Wait for it to end"):
        merge.main(str(there))


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
        (CONFLICT, "holds a merge conflict. Resolve the one in params.yaml first"),
        (
            CONFLICT,
            r"holds .* run `git -C \S+ checkout --ours dvc.lock` and, in your own",
        ),
        ("", "is damaged. Run `git checkout"),
        ("stages: {a: ", "is damaged"),
        ("stages: [a]", "is damaged"),
    ],
    ids=["in conflict", "of another clone", "empty", "cut short", "no mapping"],
)
def test_a_lock_that_cannot_be_read_is_named_with_what_to_do(tmp_path, text, message):
    (tmp_path / "dvc.lock").write_text(text)
    with pytest.raises(InputError, match=rf"dvc\.lock {message}"):
        recorded(tmp_path / "dvc.lock")


def test_what_ran_there_is_taken_into_a_lock_without_stages_and_none_from_one(there):
    Path("dvc.lock").write_text("schema: '2.0'\n")
    merge.main(str(there))
    assert {"train@a", "train@b"} <= set(recorded())
    (there / "dvc.lock").write_text("schema: '2.0'\n")
    assert merge.merge({}, lambda path: b"") == ([], [])
