"""What a removed or renamed run leaves behind."""

from pathlib import Path

import projects
import pytest
import toys

from fer_transfer.results.record import recorded
from tools import prune

pytestmark = pytest.mark.slow

FILES = (
    "data/runs/b/weights.npz",
    "data/runs/b/history.csv",
    "metrics/test/b.json",
    "plots/predictions/b.csv",
)
ONE = "runs: {a: {variant: a, seed: 42}}"
LEFT = {"prepare", "features@a", "train@a", "evaluate@a", "report"}
TWO = "runs: {a: {variant: a, seed: 42}, b: {variant: a, seed: 43}}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    env = projects.environment(folder.parent)
    toys.make(folder, env)
    projects.edit(folder / "params.yaml", ONE, TWO)
    projects.dvc(folder, env, "repro")
    projects.commit(folder, "Two runs")
    return folder


@pytest.fixture
def study(made, tmp_path, monkeypatch, caplog):
    """A study with results of the runs `a` and `b`, in which the test stands."""
    caplog.set_level("INFO")
    return projects.enter_copy(made, tmp_path, monkeypatch)


def test_of_a_study_that_is_in_order_nothing_is_listed(study, caplog):
    Path("data/runs/.b.part").mkdir()  # an unfinished pass
    before = Path("dvc.lock").read_bytes()
    prune.main(apply=True)
    assert caplog.messages == ["No leftovers found."]
    assert Path("dvc.lock").read_bytes() == before
    assert Path("data/runs/.b.part").exists()


def test_a_removed_run_is_listed_and_then_removed_and_the_others_stay(study, caplog):
    projects.edit(study / "params.yaml", TWO, ONE)
    prune.main(apply=False)
    assert all(f"no stage writes {name} " in caplog.text for name in FILES)
    assert "dvc.lock: train@b is not a stage of dvc.yaml" in caplog.text
    assert all(Path(name).exists() for name in FILES)
    assert {"train@b", "evaluate@b"} <= set(recorded())
    prune.main(apply=True)
    assert not Path("data/runs/b").exists()
    assert not any(Path(name).exists() for name in FILES)
    assert Path("data/runs/a/weights.npz").exists()
    assert set(recorded()) == LEFT
    assert projects.would_run() == []


def test_a_renamed_run_keeps_its_results(study, caplog):
    before = [Path(name).read_bytes() for name in FILES]
    projects.edit(study / "params.yaml", "b: {variant", "second: {variant")
    prune.main(apply=True)
    assert "renamed: train@b is train@second now" in caplog.text
    moved = [
        Path(name.replace("b/", "second/").replace("/b.", "/second.")) for name in FILES
    ]
    assert [path.read_bytes() for path in moved] == before
    assert not any(Path(name).exists() for name in FILES)
    assert not Path("data/runs/b").exists()
    assert projects.would_run() == []


def test_a_run_that_was_renamed_and_changed_is_not_taken_for_the_old_one(study):
    old, new = "b: {variant: a, seed: 43}", "second: {variant: a, seed: 44}"
    projects.edit(study / "params.yaml", old, new)
    prune.main(apply=True)
    assert not any(Path(name).exists() for name in FILES)
    assert set(recorded()) == LEFT
