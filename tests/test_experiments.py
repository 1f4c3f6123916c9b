"""DVC's comparisons of branches and experiments, on a study small enough for a test."""

import json
from pathlib import Path

import projects
import pytest

pytestmark = pytest.mark.slow

VARIANT = "openface-random"
SLOW, FAST, FASTER = 0.0001, 0.003, 0.01
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

    def run(self, rate: float, message: str) -> None:
        projects.set_setting(self.folder, "train", "learning_rate", rate)
        self.dvc("repro", "--quiet", "tabulate")
        projects.commit(self.folder, message)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Two branches with results, `main` and `faster`, of two learning rates."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    folder.mkdir()
    projects.make(folder, [VARIANT])
    clone = Clone(folder)
    clone.run(SLOW, "Slow")
    clone.git("switch", "--quiet", "--create", "faster")
    clone.run(FASTER, "Faster")
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
