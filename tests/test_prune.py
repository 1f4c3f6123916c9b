"""What a removed or renamed run leaves behind."""

import os
import shutil
from pathlib import Path

import projects
import pytest
import toys

from tools import prune
from tools.pipeline import recorded

pytestmark = pytest.mark.slow

FILES = (
    "data/runs/b/weights.npz",
    "data/runs/b/history.csv",
    "metrics/test/b.json",
    "plots/predictions/b.csv",
)
ONE = "runs: {a: {variant: a, seed: 42}}"
TWO = "runs: {a: {variant: a, seed: 42}, b: {variant: a, seed: 43}}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    env = projects.environment(folder.parent)
    toys.make(folder, env)
    edit(folder, ONE, TWO)
    projects.dvc(folder, env, "repro")
    projects.commit(folder, "Two runs")
    return folder


@pytest.fixture
def study(made, tmp_path, monkeypatch):
    """A study with results of the runs `a` and `b`, in which the test stands."""
    shutil.copytree(made, tmp_path / "study")
    for key, value in projects.environment(tmp_path).items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(tmp_path / "study")
    return Path()


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "params.yaml").read_text()
    assert old in text
    (folder / "params.yaml").write_text(text.replace(old, new))


def stages() -> set[str]:
    return set(recorded(Path("dvc.lock").read_text()))


def would_run() -> list[str]:
    done = projects.dvc(Path(), dict(os.environ), "repro", "--dry")
    return projects.ran(done.stdout)


def test_of_a_study_that_is_in_order_nothing_is_listed(study, caplog):
    caplog.set_level("INFO")
    before = Path("dvc.lock").read_bytes()
    prune.main(apply=True)
    assert caplog.messages == ["Nothing is left behind."]
    assert Path("dvc.lock").read_bytes() == before


def test_a_removed_run_is_listed_and_stays(study, caplog):
    caplog.set_level("INFO")
    edit(study, TWO, ONE)
    prune.main(apply=False)
    for part in ("data/runs/b", "metrics/test/b.json", "plots/predictions/b.csv"):
        assert f"no stage writes {part} " in caplog.text
    assert "dvc.lock: train@b is not a stage of dvc.yaml" in caplog.text
    assert all(Path(name).exists() for name in FILES)
    assert {"train@b", "evaluate@b"} <= stages()


def test_a_removed_run_is_removed_and_the_others_stay(study):
    edit(study, TWO, ONE)
    prune.main(apply=True)
    assert not Path("data/runs/b").exists()
    assert not any(Path(name).exists() for name in FILES)
    assert Path("data/runs/a/weights.npz").exists()
    assert stages() == {"download", "prepare", "train@a", "evaluate@a", "report"}
    assert would_run() == []


def test_a_renamed_run_keeps_its_results(study, caplog):
    caplog.set_level("INFO")
    before = [Path(name).read_bytes() for name in FILES]
    edit(study, "b: {variant", "second: {variant")
    prune.main(apply=True)
    assert "renamed: train@b is train@second now" in caplog.text
    moved = [
        Path(name.replace("b/", "second/").replace("/b.", "/second.")) for name in FILES
    ]
    assert [path.read_bytes() for path in moved] == before
    assert not any(Path(name).exists() for name in FILES)
    assert not Path("data/runs/b").exists()
    assert would_run() == []


def test_a_run_that_was_renamed_and_changed_is_not_taken_for_the_old_one(study):
    edit(study, "b: {variant: a, seed: 43}", "second: {variant: a, seed: 44}")
    prune.main(apply=True)
    assert not any(Path(name).exists() for name in FILES)
    assert stages() == {"download", "prepare", "train@a", "evaluate@a", "report"}


def test_an_unfinished_pass_over_the_images_stays(study):
    Path("data/runs/.b.part").mkdir()
    prune.main(apply=True)
    assert Path("data/runs/.b.part").exists()
