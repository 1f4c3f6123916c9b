"""The parts of a fleet, without one: the plan, a chain, a push that fails, a merge that refuses."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import projects
import pytest
import servers
import team
from dvc.repo import Repo

from fer_transfer.settings.settings import load_settings
from tools import pipeline
from tools.fleet import chain, costs, here, plan, results, slot, tasks

pytestmark = [
    pytest.mark.slow,
    # DVC uses a deprecated property of pygtrie.
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def begun(made, env, tmp_path_factory):
    """The client's clone, as it is before chains are handed out, and a worker's."""
    folder = tmp_path_factory.mktemp("begun")
    client = team.clone(made / "study", folder / "client")
    projects.dvc(client, env, "repro", "--quiet", "prepare")
    projects.dvc(client, env, "push", "--quiet")
    team.clone(made / "study", folder / "one")
    return folder


@pytest.fixture
def client(begun, env, tmp_path, monkeypatch):
    """Stand in the client's clone."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "client")
    return tmp_path / "client"


@pytest.fixture
def worker(client):
    return client.parent / "one"


def cut(machines=1):
    pipeline, _ = here.state()
    return plan.chains(pipeline, plan.read(Repo(), []).order, machines)


def make(which):
    pipeline, entries = here.state()
    commit = projects.git(Path(), "rev-parse", "HEAD").strip()
    (found,) = [one for one in cut() if one.name == which]
    return tasks.make(pipeline, entries, found, commit)


def test_a_chain_is_a_variant_with_its_runs_and_the_longest_is_first(client):
    first, second = cut()
    assert first.stages == ("features@b", "train@b", "evaluate@b")
    assert set(second.stages) == {
        *("features@a", "train@a", "train@a-43", "evaluate@a", "evaluate@a-43")
    }
    assert first.minutes > second.minutes
    # What reads all of them is not theirs, nor is what all of them read.
    planned = plan.read(Repo(), [])
    assert (planned.head, planned.tail) == (("download", "prepare"), ("report",))


def test_seeds_are_parted_only_if_they_take_more_than_a_machine_s_share(
    client, monkeypatch
):
    monkeypatch.setitem(costs.MINUTES, "openface", (10.0, 100.0))
    assert [one.name for one in cut(machines=1)] == ["a", "b"]
    assert [one.name for one in cut(machines=2)] == ["b", "a", "a-43"]
    parts = [one.stages for one in cut(machines=2)][1:]
    assert parts == [
        ("features@a", "train@a", "evaluate@a"),
        ("features@a", "train@a-43", "evaluate@a-43"),
    ]


def test_a_chain_runs_where_nothing_is_and_its_result_is_kept(client, worker):
    """A clone that knows neither the commit nor the data; then it has both, and the result."""
    projects.git(client, "commit", "-q", "--allow-empty", "-m", "The client's alone")
    task, said = make("b"), []
    assert chain.run(task, None, said.append, worker) == {"needs_bundle": True}
    result = chain.run(task, here.bundle.__wrapped__(), said.append, worker)
    assert not tasks.fault(task, result)
    assert {"pulling", "train@b", "pushing"} <= set(said)
    assert not list(worker.rglob("data/features/*"))
    again = chain.run(task, None, pytest.fail, worker)
    assert {**again, "seconds": 0} == {**result, "seconds": 0}
    results.save("b", result)
    taken, refused = results.merge_saved()
    assert (taken, refused) == (list(task["stages"]), [])
    assert [one.name for one in cut()] == ["a"]
    # Another seed of it: its features are made again, because no remote gets them.
    team.set_text(client, "params.yaml", "seed: 42}\n  a-43", "seed: 7}\n  a-43")
    text = (client / "params.yaml").read_text()
    (client / "params.yaml").write_text(f"{text}  b-43: {{variant: b, seed: 43}}\n")
    assert cut()[0].stages == ("features@b", "train@b-43", "evaluate@b-43")


def test_a_push_is_tried_again_and_then_fails_with_the_reason(
    client, worker, env, monkeypatch
):
    monkeypatch.setattr(chain, "PUSH_WAITS", (0,))
    port = int(env["AWS_ENDPOINT_URL_S3"].rpartition(":")[2])
    said = []

    def say(line):
        said.append(line)
        if line == "pushing":
            dying.room = 0

    with servers.line(port) as dying:
        address = f"http://127.0.0.1:{dying.server_address[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        result = chain.run(make("b"), None, say, worker)
    assert result["error"].startswith("`dvc push` failed: ERROR:")
    assert [line for line in said if line.startswith("push 1 failed, trying again")]
    # The next attempt here pushes what is there, and trains nothing.
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", env["AWS_ENDPOINT_URL_S3"])
    said.clear()
    assert "error" not in chain.run(make("b"), None, said.append, worker)
    assert "train@b" not in said


def made_result(client, env):
    """Run a variant here, and take it for what a worker returned."""
    task = make("b")
    lock = (client / "dvc.lock").read_bytes()
    projects.dvc(client, env, "repro", "evaluate@b")
    _, entries = here.state()
    found = {name: entries[name] for name in task["stages"]}
    kept = {path: Path(path).read_text() for path in task["keep"]}
    (client / "dvc.lock").write_bytes(lock)
    for path in kept:
        Path(path).unlink()
    return SimpleNamespace(task=task, result={"entries": found, "files": kept})


def test_what_other_code_made_is_refused_at_the_merge(client, env):
    made = made_result(client, env)
    before = (client / "dvc.lock").read_bytes()
    entry = made.result["entries"]["train@b"]
    entry["deps"][1]["md5"] = "0" * 32
    results.save("b", made.result)
    taken, refused = results.merge_saved()
    assert "train@b" in refused
    assert "train@b" not in taken
    assert b"train@b" not in (client / "dvc.lock").read_bytes()
    assert before in (client / "dvc.lock").read_bytes()


def test_a_result_whose_files_are_damaged_is_refused_when_it_arrives(client, env):
    made = made_result(client, env)
    assert not tasks.fault(made.task, made.result)
    made.result["files"]["metrics/test/b.json"] += " "
    assert (
        tasks.fault(made.task, made.result)
        == "metrics/test/b.json is not what its dvc.lock records"
    )
    del made.result["entries"]["train@b"]
    assert "other stages" in tasks.fault(made.task, made.result)


def test_tasks_and_results_are_plain_values(client):
    task = make("a")
    assert json.loads(json.dumps(task)) == task


def test_two_workers_of_one_clone_have_a_folder_each(tmp_path):
    with slot.open_slot(tmp_path) as one, slot.open_slot(tmp_path) as two:
        assert (one.number, two.number) == (0, 1)
        assert not set(one.cores(2).split(",")) & set(two.cores(2).split(","))
    with slot.open_slot(tmp_path) as again:
        assert again.number == 0
        assert again.cores(0) == ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what DVC imports
def test_in_the_study_splits_run_first_and_each_variant_is_a_chain():
    project = Path(__file__).parents[2]
    with Repo(project) as repo:
        read = plan.read(repo, [])
        never_run = pipeline.load(repo, "stages: {}")
        chains = plan.chains(never_run, read.order, machines=1)
    assert {"prepare", "split@random", "split@official"} <= set(read.head)
    assert {"tabulate", "plot", "report"} <= set(read.tail)
    variants = load_settings(project / "params.yaml").variants
    assert sorted(chain.name for chain in chains) == sorted(variants)
