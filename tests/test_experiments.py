"""Branches, experiments and runs that are out of date, on a study small enough for a test."""

import json
import shutil
from pathlib import Path

import planted
import projects
import pytest
import settings_files

pytestmark = pytest.mark.slow

VARIANT = "openface-random"
ANOTHER = f"{VARIANT}-dropout"
SLOW, FAST = 0.0001, 0.003
RATE = "train.learning_rate"
COMPARED = {
    f"metrics/study/{name}.json"
    for name in ("initial", "final", "table2", "table3", "table4", "table5")
}


class Clone:
    """A project that DVC and Git run in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        identity = {
            f"GIT_{who}_{what}": "tests@localhost"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        self.env = projects.environment(folder.parent) | identity

    def git(self, *arguments: str) -> str:
        return projects.git(self.folder, *arguments)

    def dvc(self, *arguments: str) -> str:
        return projects.dvc(self.folder, self.env, *arguments).stdout

    def json(self, *arguments: str):
        return json.loads(self.dvc(*arguments, "--json"))


@pytest.fixture(scope="module")
def main(tmp_path_factory):
    """A study at `main`, with an experiment of another learning rate and its branch `faster`."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    folder.mkdir()
    projects.make(folder, [VARIANT])
    settings_files.change({RATE: SLOW}, folder)
    clone = Clone(folder)
    env = clone.env | planted.SECRETS
    done = projects.dvc(folder, env, "repro", "--verbose", "tabulate")
    (folder.parent / "output").write_text(done.stdout + done.stderr)
    projects.commit(folder, "Slow")
    clone.dvc("exp", "run", "--quiet", "-n", "fast", "-S", f"{RATE}={FAST}", "tabulate")
    clone.dvc("exp", "branch", "fast", "faster")
    clone.git("checkout", "--quiet", "--", ".")
    clone.dvc("checkout", "--quiet", "--allow-missing")
    return clone


def test_no_secret_of_the_environment_is_in_a_file_or_in_what_is_printed(main):
    assert planted.found_in(main.folder.parent) == []


def saved(clone, branch, path):
    return json.loads(clone.git("show", f"{branch}:{path}"))


def test_the_metrics_that_differ_between_branches_are_those_of_the_variants(main):
    diff = main.json("metrics", "diff", "main", "faster")
    assert set(diff) <= COMPARED
    assert {"metrics/study/initial.json", "metrics/study/final.json"} <= set(diff)
    for path, changes in diff.items():
        old, new = (saved(main, branch, path)[VARIANT] for branch in ("main", "faster"))
        differing = {key for key in old if old[key] != new[key]}
        assert set(changes) == {f"{VARIANT}.{key}" for key in differing}
        for name, change in changes.items():
            key = name.removeprefix(f"{VARIANT}.")
            assert (change["old"], change["new"]) == (old[key], new[key])
            assert change["diff"] == pytest.approx(new[key] - old[key])


def test_plots_of_two_branches_show_both(main):
    plots = main.json("plots", "diff", "main", "faster")["data"]
    for name in (
        "Learning curves, accuracy",
        "Learning curves, loss",
        "Initial loss",
        "Test accuracy",
    ):
        [plot] = plots[name]
        assert plot["revisions"] == ["main", "faster"]
        points = plot["content"]["data"]["values"]
        for branch in ("main", "faster"):
            assert {p["run"] for p in points if p["rev"] == branch} == {VARIANT}


def test_the_results_of_a_run_that_failed_after_a_change_are_left_out(main, tmp_path):
    """The split changed; then training the older of two runs failed."""
    half = Clone(shutil.copytree(main.folder, tmp_path / "project", symlinks=True))
    before = projects.contents(half.folder, "metrics/study/study.json")
    run = {"variant": VARIANT, "backbone": "openface", "split": "random", "seed": 42}
    changes = {"splits.random.seed": 7, f"runs.{ANOTHER}": run | {"dropout": 0.4}}
    settings_files.change(changes, half.folder)
    head = "def main(name: str) -> None:\n"
    fails = f'    if name == "{VARIANT}":\n        raise SystemExit("no disk left")\n'
    projects.edit(half.folder / "stages/train.py", head, head + fails)
    repro = ("repro", "--keep-going", "tabulate")
    projects.dvc(half.folder, half.env, *repro, expected=255)
    assert projects.contents(half.folder, "metrics/study/study.json") == before
    done = projects.dvc(half.folder, half.env, "repro", "-f", "-s", "tabulate")
    why = f"data/splits/random.npz has changed since train@{VARIANT} ran"
    assert f"Leaving out {VARIANT}: {why}." in done.stdout + done.stderr
    study = json.loads((half.folder / "metrics/study/study.json").read_text())
    assert study["missing"] == [VARIANT]
    assert study["stale"] == {VARIANT: why}
    assert [run for seeds in study["ran"].values() for run in seeds] == [ANOTHER]


def test_an_experiment_s_rate_and_metrics_are_in_a_row_of_its_own(main):
    [baseline] = [row for row in main.json("exp", "show") if row["rev"] != "workspace"]
    [experiment] = baseline["experiments"]
    [row] = experiment["revs"]
    assert row["name"] == "fast"
    settings = row["data"]["params"]["params.yaml"]["data"]
    assert settings["train"]["learning_rate"] == FAST
    metrics = row["data"]["metrics"]
    # Where no search ran, there is nothing in the file of assess.
    assert set(metrics) - {"metrics/assess/scores.json"} == COMPARED
    path = "metrics/study/final.json"
    final = metrics[path]["data"][VARIANT]
    assert final == saved(main, "faster", path)[VARIANT]
    assert final["loss"] != saved(main, "main", path)[VARIANT]["loss"]
