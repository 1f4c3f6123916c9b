"""DVC's comparisons of branches and experiments, on a study small enough for a test."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

UNWATCHED = "data/unwatched"
PROJECT = Path(__file__).parents[1]
VARIANT = "openface-random"
SLOW, FAST, FASTER = 0.0001, 0.003, 0.01
RATE = "train.learning_rate"
COMPARED = {
    f"metrics/study/{name}.json"
    for name in ("initial", "final", "table2", "table3", "table4", "table5")
}
IDENTITY = {
    f"GIT_{who}_{what}": "tests@localhost" if what == "EMAIL" else "tests"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


class Clone:
    """A project that DVC and Git run in."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *command, **environment):
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **IDENTITY, **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def git(self, *arguments):
        return self.run("git", *arguments)

    def dvc(self, *arguments, **environment):
        return self.run(sys.executable, "-m", "dvc", *arguments, **environment)

    def json(self, *arguments):
        return json.loads(self.dvc(*arguments, "--json"))

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def set_rate(self, rate):
        yaml, path = YAML(), self.folder / "params.yaml"
        settings = yaml.load(path)
        settings["train"]["learning_rate"] = rate
        yaml.dump(settings, path)


def write_settings(folder):
    """Ask for one variant, two epochs and the fewest synthetic faces that can be split."""
    yaml = YAML()
    settings = yaml.load(PROJECT / "params.demo.yaml")
    settings["synthetic"]["images"] = 70
    settings["train"]["epochs"] = 2
    settings["tables"]["windows"] = [[1, 2]]
    settings["train"]["learning_rate"] = SLOW
    for section in ("variants", "runs"):
        settings[section] = {VARIANT: settings[section][VARIANT]}
    yaml.dump(settings, folder / "params.yaml")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Two branches with results, `main` and `faster`, of two learning rates."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    for name in ("stages", "fer_transfer", "metrics/paper", ".dvc/plots"):
        shutil.copytree(PROJECT / name, folder / name)
    (folder / "data").mkdir()
    (folder / "metrics").mkdir(exist_ok=True)
    costs = "metrics/costs.json"
    for name in (
        ".gitignore",
        ".dvcignore",
        "dvc.yaml",
        ".dvc/config",
        UNWATCHED,
        costs,
    ):
        shutil.copyfile(PROJECT / name, folder / name)
    shutil.copyfile(PROJECT / ".dvc/.gitignore", folder / ".dvc/.gitignore")
    write_settings(folder)
    clone = Clone(folder)
    clone.git("init", "--quiet", "--initial-branch", "main")
    clone.dvc("repro", "--quiet", "tabulate")
    clone.commit("Slow")
    clone.git("switch", "--quiet", "--create", "faster")
    clone.set_rate(FASTER)
    clone.dvc("repro", "--quiet", "tabulate")
    clone.commit("Faster")
    return clone


@pytest.fixture
def main(clone):
    """The clone, at its branch `main`."""
    clone.git("switch", "--quiet", "main")
    clone.dvc("checkout", "--quiet", "--allow-missing")
    return clone


def saved(clone, branch, path):
    return json.loads(clone.git("show", f"{branch}:{path}"))


def test_features_that_are_made_again_lie_on_disk_once(main):
    path = main.folder / f"data/features/{VARIANT}/0.npy"
    assert path.stat().st_nlink == 2  # in data/ and in DVC's cache
    main.dvc("repro", "--force", "--single-item", f"features@{VARIANT}")
    assert path.stat().st_nlink == 2


def test_the_setting_that_differs_between_branches_is_named(main):
    changes = main.json("params", "diff", "main", "faster")["params.yaml"]
    assert list(changes) == [RATE]
    assert (changes[RATE]["old"], changes[RATE]["new"]) == (SLOW, FASTER)


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


def test_a_metric_has_six_digits(main):
    diff = main.json("metrics", "diff", "main", "faster")
    for changes in diff.values():
        for change in changes.values():
            assert change["new"] == float(f"{change['new']:.6g}")


def test_a_file_s_metrics_stand_in_one_order(main):
    """DVC takes files as they fall, and sorts the lines of each."""
    command = [
        "metrics",
        "diff",
        "main",
        "faster",
        "--targets",
        "metrics/study/final.json",
    ]
    first, second = (main.dvc(*command, PYTHONHASHSEED=seed) for seed in "12")
    assert first == second
    names = [line.split()[1] for line in first.splitlines()[1:]]
    assert names == sorted(names)


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


def test_an_experiment_s_rate_and_metrics_are_in_a_row_of_its_own(main):
    main.dvc("exp", "run", "--quiet", "-n", "fast", "-S", f"{RATE}={FAST}", "tabulate")
    final = json.loads((main.folder / "metrics/study/final.json").read_text())[VARIANT]
    main.git("checkout", "--quiet", "--", ".")

    [baseline] = [row for row in main.json("exp", "show") if row["rev"] != "workspace"]
    [experiment] = baseline["experiments"]
    [row] = experiment["revs"]
    assert row["name"] == "fast"
    settings = row["data"]["params"]["params.yaml"]["data"]
    assert settings["train"]["learning_rate"] == FAST
    metrics = row["data"]["metrics"]
    # Where no search ran, there is nothing in the file of assess.
    assert set(metrics) - {"metrics/assess/scores.json"} == COMPARED
    assert metrics["metrics/study/final.json"]["data"][VARIANT] == final
    at_baseline = baseline["data"]["metrics"]["metrics/study/final.json"]["data"][
        VARIANT
    ]
    assert final["loss"] != at_baseline["loss"]
