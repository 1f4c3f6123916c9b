"""The parts of a fleet, without one: the plan, a chain, a push that fails, who may work."""

import platform
import shutil
from pathlib import Path

import projects
import pytest
import servers
import settings_files
from dvc.repo import Repo

from fer_transfer.console.errors import InputError
from tools.fleet import chain, cluster, plan, worker
from tools.fleet.__main__ import main
from tools.pipeline import load


@pytest.fixture
def client(study, tmp_path, monkeypatch):
    """Stand in a client's clone."""
    monkeypatch.chdir(projects.clone(study, tmp_path / "client"))
    return tmp_path / "client"


def cut(machines=1):
    with Repo() as repo:
        here = load(repo)
        return plan.chains(here, plan.read(repo, [])[1], machines)


def test_a_chain_is_a_variant_with_its_runs_and_the_longest_is_first(client):
    first, second = cut()
    assert first == ["features@b", "train@b", "evaluate@b"]
    assert set(second) == {
        *("features@a", "train@a", "train@a-43", "evaluate@a", "evaluate@a-43")
    }
    with Repo() as repo:
        head, _, tail = plan.read(repo, [])
    assert (head, tail) == (["prepare"], ["report"])


def test_seeds_are_divided_only_if_they_take_more_than_a_machine_s_share(client):
    projects.edit(client / "metrics/costs.json", "2.5", "1000")
    names = [plan.name_of(chain) for chain in cut(machines=1)]
    assert names == ["a and 1 more", "b"]
    assert cut(machines=2) == [
        ["features@a", "train@a", "evaluate@a"],
        ["features@a", "train@a-43", "evaluate@a-43"],
        ["features@b", "train@b", "evaluate@b"],
    ]


def test_a_chain_makes_weights_and_the_tail_reads_nothing_large(monkeypatch):
    monkeypatch.chdir(projects.ROOT)
    with Repo() as repo:
        here, stale = load(repo), "train@openface-random"
        stages = plan.gathered(here, ["assess", "tabulate", "plot", "report"])
        del here.entries[stale]
        [made] = plan.chains(here, plan.read(repo, [stale])[1], machines=1)
        head, body, tail = plan.read(repo, [])
        here.entries.clear()
        assert len(plan.chains(here, body, 1)) == len(settings_files.load()["variants"])
    assert {"prepare", "split@random", "split@official"} <= set(head)
    assert {"tabulate", "plot", "report"} <= set(tail)
    assert {stage.partition("@")[0] for stage in stages} == {"split", "choose"}
    assert made == ["weights@openface-random", "features@openface-random", stale]


def test_a_target_that_does_not_exist_is_an_error(client):
    with Repo() as repo, pytest.raises(InputError, match="'train@c' not found"):
        plan.read(repo, ["train@c"])


@pytest.mark.slow
def test_another_seed_has_its_features_made_again_because_no_remote_gets_them(
    made, tmp_path, monkeypatch
):
    monkeypatch.chdir(shutil.copytree(made / "whole", tmp_path / "whole"))
    assert cut() == []
    with Path("params.yaml").open("a") as file:
        file.write("  b-43: {variant: b, seed: 43}\n")
    (another,) = cut()
    assert another == ["features@b", "train@b-43", "evaluate@b-43"]


@pytest.mark.slow
def test_a_push_that_failed_for_good_is_repeated_without_training(
    client, env, monkeypatch
):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(chain, "PUSH_WAITS", (0,))
    projects.dvc(client, env, "repro", "--quiet", "prepare")
    projects.dvc(client, env, "push", "--quiet")
    with Repo() as repo:
        here = load(repo)
    commit = projects.git(client, "rev-parse", "HEAD").strip()
    task = plan.task(here, cut()[0], commit, "")
    lines = []

    def say(line):
        lines.append(line)
        if line == "evaluate@b":
            remote.room = 0

    def run():
        return chain.run(task, client / ".fleet/one", client / "no-bundle", say)

    with servers.line(env) as remote:
        monkeypatch.setenv(servers.ADDRESS, remote.env[servers.ADDRESS])
        with pytest.raises(InputError, match=r"`dvc push` failed .*: ERROR:"):
            run()
    assert [line for line in lines if line.endswith("trying again in 0 s")]
    monkeypatch.setenv(servers.ADDRESS, env[servers.ADDRESS])
    lines.clear()
    entries, _ = run()
    assert set(entries) == set(task["stages"])
    assert lines == []
    assert not list((client / ".fleet/one").glob("b-*"))  # features would fill the disk


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(platform, "python_version", lambda: "3.0.0"),
        lambda patch: patch.setattr(worker, "version", lambda package: "1.0"),
        lambda patch: Path("requirements.lock").write_text("numpy==1.0\n"),
        lambda patch: Path("tools/fleet/chain.py").write_text("# Another one.\n"),
    ],
    ids=["Python", "NumPy", "lock", "code"],
)
def test_a_worker_with_another_of_these_is_another_resource(
    client, monkeypatch, change
):
    before = worker.resource()
    change(monkeypatch)
    assert worker.resource() != before


def test_what_cannot_begin_is_one_line_and_runs_nothing(client, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match=r"^No Dask scheduler answers at \S+:9 .*\.$"):
        main("tcp://127.0.0.1:9", [])
    projects.edit(client / ".dvc/config", "remote = team\n", "")
    projects.commit(client, "A remote of one's own")
    with pytest.raises(InputError, match=r"^Commit a remote in \.dvc/config: "):
        main("tcp://127.0.0.1:9", [])
    projects.edit(client / "params.yaml", "epochs: 3", "epochs: 4")
    with pytest.raises(InputError, match=r"^params.yaml is not committed"):
        main("tcp://127.0.0.1:9", [])
    assert not (client / "data").exists()
