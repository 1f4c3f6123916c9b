"""What goes wrong among machines: nothing is lost, nothing is wrong, and the user is told."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import projects
import pytest
import servers
import team

from fer_transfer.console.errors import InputError
from tools.fleet import cluster
from tools.fleet.__main__ import main

pytestmark = [
    pytest.mark.slow,
    # DVC uses a deprecated property of pygtrie.
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),
]

SLOW = {"EPOCH_SECONDS": "1.5"}


def trainings(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "trainings").read_text().splitlines()]


def wait_for_training(fleet, tmp_path, count=1):
    def begun():
        if len(trainings(tmp_path)) < count:
            raise ValueError("No training began.")

    fleet.wait(begun)


def check(client, expected):
    assert projects.contents(client, *team.RESULTS) == expected


@pytest.fixture
def running(clones, fleet, tmp_path):
    """A client, and two workers that train slowly, in the middle of it."""
    client, *folders = clones
    scheduler = fleet.scheduler(client, DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="8s")
    workers = [fleet.worker(folder, **SLOW) for folder in folders]
    process = fleet.client(client)
    wait_for_training(fleet, tmp_path)
    return client, process, workers, scheduler


def finish(fleet, process, client):
    assert process.wait(timeout=120) == 0, fleet.log(f"{client.name}.log")
    said = fleet.log(f"{client.name}.log")
    assert "Traceback" not in said
    return said


def test_a_worker_that_is_killed_goes_on_and_its_dvc_ends_with_it(
    running, fleet, expected, tmp_path
):
    client, process, workers, _ = running
    (worker,) = team.pids(workers[0])
    os.kill(worker, signal.SIGKILL)
    said = finish(fleet, process, client)
    assert "vanished; queued" in said
    check(client, expected)
    lines = (tmp_path / "trainings").read_text().splitlines()
    assert not [line for line in lines if Path(f"/proc/{line.split()[1]}").exists()]


@pytest.mark.long
def test_a_machine_that_dies_leaves_its_chain_to_another(running, fleet, expected):
    client, process, workers, _ = running
    fleet.kill(workers[0])
    finish(fleet, process, client)
    check(client, expected)


@pytest.mark.long
def test_a_machine_that_vanishes_without_closing_tcp_is_missed(
    running, fleet, expected
):
    client, process, workers, _ = running
    fleet.kill(workers[0], signal.SIGSTOP)
    said = finish(fleet, process, client)
    assert "vanished; queued" in said
    check(client, expected)


@pytest.mark.long
def test_a_scheduler_that_dies_is_one_line_and_the_next_run_goes_on(
    running, fleet, expected, tmp_path
):
    client, process, _, scheduler = running
    fleet.kill(scheduler)
    assert process.wait(timeout=60) == 1
    said = fleet.log("client.log")
    assert "error: The scheduler is gone" in said
    assert "Traceback" not in said
    fleet.scheduler(client)
    for name in ("one", "two"):
        fleet.worker(tmp_path / name)
    fleet.run(client)
    check(client, expected)


@pytest.mark.long
def test_after_a_client_is_killed_the_next_takes_what_is_finished(
    running, fleet, expected, tmp_path
):
    client, process, *_ = running
    fleet.kill(process)

    def all_done():
        if len(list(tmp_path.glob("*/.fleet/done/*.json"))) < 2:
            raise ValueError("Not all chains are done.")

    fleet.wait(all_done)
    time.sleep(31)  # until the dead client's place is free
    fleet.run(client)
    check(client, expected)
    assert sorted(trainings(tmp_path)) == sorted(team.RUNS)  # each once


@pytest.mark.long
def test_a_client_that_is_stopped_merges_what_is_finished(running, fleet, expected):
    client, process, *_ = running
    fleet.wait_log("client.log", "finished on")
    fleet.kill(process, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    said = fleet.log("client.log")
    assert "What a worker has begun it ends, and keeps for the next" in said
    assert "Traceback" not in said
    merged = projects.YAML_12.load(client / "dvc.lock")["stages"]
    assert [name for name in merged if name.startswith("evaluate")]
    fleet.run(client)
    check(client, expected)


@pytest.mark.long
def test_a_second_client_is_refused(running, fleet, expected, made, tmp_path):
    client, process, *_ = running
    second = team.clone(tmp_path / "study", tmp_path / "second")
    said = fleet.run(second, expected=1)
    assert "Another `make fleet` deals on" in said
    same = subprocess.run(
        [sys.executable, "-m", "tools.fleet"],
        cwd=client,
        env=fleet.env,
        capture_output=True,
        text=True,
    )
    assert "error: Another `make fleet` runs in this clone." in same.stderr
    finish(fleet, process, client)
    check(client, expected)


@pytest.mark.long
def test_a_machine_whose_disk_is_full_leaves_the_chain_to_another(
    clones, fleet, expected
):
    client, one, two = clones
    fleet.scheduler(client)
    fleet.worker(one, FAULT="full disk")
    fleet.worker(two, **SLOW)
    said = fleet.run(client)
    assert "failed on one: `dvc repro` failed: error: [Errno 28] No space left" in said
    check(client, expected)


@pytest.mark.long
def test_a_chain_that_fails_everywhere_is_named_and_the_rest_is_merged(
    clones, fleet, expected
):
    client, *workers = clones
    team.set_text(
        client, "params.yaml", "variant: b, seed: 42", "variant: b, seed: none"
    )
    projects.commit(client, "A seed that no training takes")
    fleet.scheduler(client)
    for worker in workers:
        fleet.worker(worker)
    said = fleet.run(client, expected=1)
    assert "b: FAILED on 2 workers: `dvc repro` failed:" in said
    assert "error: Without results: b; what is finished is merged." in said
    merged = projects.YAML_12.load(client / "dvc.lock")["stages"]
    assert {"evaluate@a", "evaluate@a-43"} <= set(merged)
    assert "evaluate@b" not in merged
    assert "report" not in merged
    # Put right, only that chain runs.
    team.set_text(client, "params.yaml", "seed: none", "seed: 42")
    projects.commit(client, "Right again")
    assert "1 chains: b." in fleet.run(client)
    # That commit holds a part of the lock, and so its order is another.
    found = projects.contents(client, *team.RESULTS)
    locks = [projects.YAML_12.load(each.pop("dvc.lock")) for each in (found, expected)]
    assert (locks[0], found) == (locks[1], expected)


@pytest.mark.long
def test_a_worker_with_other_packages_gets_nothing_and_the_user_is_told(
    clones, fleet, expected
):
    client, one, two = clones
    (one / "requirements.lock").write_text("numpy==1.0\n")
    fleet.scheduler(client)
    fleet.worker(one)
    process = fleet.client(client)
    fleet.wait_log("client.log", r"1 there have another requirements\.lock")
    fleet.worker(two)
    said = finish(fleet, process, client)
    assert "to one" not in said
    check(client, expected)


@pytest.mark.long
def test_a_worker_at_another_commit_is_sent_the_client_s(clones, fleet, expected):
    client, one, _ = clones
    (client / "stages/train.py").write_text(
        (client / "stages/train.py").read_text() + "# Another commit.\n"
    )
    projects.commit(client, "Another commit")
    team.set_text(one, "stages/train.py", "/ 255", "/ 250")
    projects.commit(one, "A colleague's own")
    fleet.scheduler(client)
    fleet.worker(one)
    fleet.run(client)
    found = projects.contents(client, *team.RESULTS)
    assert found.keys() == expected.keys()
    assert {**found, "dvc.lock": b""} == {**expected, "dvc.lock": b""}
    assert (
        "up to date"
        in projects.dvc(client, fleet.env, "repro", "--allow-missing").stdout
    )


@pytest.mark.long
def test_a_remote_that_dies_in_a_push_is_tried_again(clones, fleet, expected, env):
    client, one, _ = clones
    port = int(env["AWS_ENDPOINT_URL_S3"].rpartition(":")[2])
    fleet.scheduler(client)
    with servers.line(port) as line:
        address = f"http://127.0.0.1:{line.server_address[1]}"
        once = {"AWS_ENDPOINT_URL_S3": address, "AWS_MAX_ATTEMPTS": "1"}
        fleet.worker(one, **once, **SLOW)
        process = fleet.client(client)
        fleet.wait_log("client.log", "epoch 1 of 3")
        line.room = 0
        fleet.wait_log("client.log", r"push 1 failed, trying again in 5 s")
        line.room = float("inf")
        finish(fleet, process, client)
    check(client, expected)


@pytest.mark.long
def test_a_kill_during_the_merge_loses_nothing(clones, fleet, expected):
    client, *workers = clones
    fleet.scheduler(client)
    for worker in workers:
        fleet.worker(worker)
    # dvc.lock cannot be replaced: the process dies there as by kill -9.
    script = (
        "import os, runpy, sys; from pathlib import Path; replace = Path.replace\n"
        "def die(self, target):\n"
        "    kept = str(target) == 'dvc.lock' and 'tools.merge' in sys.modules\n"
        "    os._exit(9) if kept else replace(self, target)\n"
        "Path.replace = die\n"
        "sys.argv = ['fleet', '--scheduler', sys.argv[1]]\n"
        "runpy.run_module('tools.fleet', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, fleet.address],
        cwd=client,
        env=fleet.env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 9, done.stderr
    assert "evaluate@" not in (client / "dvc.lock").read_text()
    assert len(list((client / ".fleet/results").glob("*.json"))) == 2
    time.sleep(31)  # until the dead client's place is free
    said = fleet.run(client)
    assert "Merged 8 stages of an earlier run." in said
    check(client, expected)


def test_what_cannot_begin_is_one_line_and_runs_nothing(clones, env, monkeypatch):
    client, *_ = clones
    for name, value in {**env, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(client)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)

    def refused(pattern):
        with pytest.raises(InputError, match=pattern) as error:
            main("tcp://127.0.0.1:9", 0, 0, [])
        assert "\n" not in str(error.value)
        assert not (client / "data").exists()

    refused(r"^No Dask scheduler answers at tcp://127\.0\.0\.1:9 ")
    far = "['remote \"team\"']\n    endpointurl = http://127.0.0.1:9\n"
    (client / ".dvc/config.local").write_text(far)
    refused("^The DVC remote `team` cannot be used: ")
    (client / ".dvc/config.local").unlink()
    (client / ".dvc/config").write_text("")
    refused("^.dvc/config is not committed")
    projects.commit(client, "No remote")
    refused("^No DVC remote is set")
    team.set_text(client, "params.yaml", "epochs: 3", "epochs: 4")
    refused("^params.yaml is not committed")
