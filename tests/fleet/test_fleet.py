"""A study run by machines that share nothing but a remote: what one machine makes of it."""

import os
import signal

import projects
import psutil
import pytest
import team

pytestmark = pytest.mark.slow

SLOW = {"EPOCH_SECONDS": "1.5"}


@pytest.fixture
def running(clones, fleet):
    """A client, and two workers that train slowly, in the middle of it."""
    client, *folders = clones
    scheduler = fleet.scheduler(client, DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="8s")
    workers = [fleet.worker(folder, **SLOW) for folder in folders]
    process = fleet.client(client)
    team.wait(fleet.trainings)
    return client, process, workers, scheduler


FAULTS = {
    "the worker's process is killed": team.kill_worker,
    "the machine dies": lambda nanny: os.killpg(nanny.pid, signal.SIGKILL),
    # Its connections stay open.
    "the machine freezes": lambda nanny: os.killpg(nanny.pid, signal.SIGSTOP),
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(name, marks=[] if "worker" in name else pytest.mark.long)
        for name in FAULTS
    ],
)
def test_a_machine_that_fails_changes_no_result_and_the_client_trains_nothing(
    running, fleet, expected, fault
):
    client, process, workers, _ = running
    FAULTS[fault](workers[0])
    # The longest chain is first, and the seeds of a variant stay together.
    assert "2 chains: b, a and 1 more." in fleet.finish(process)
    assert team.results(client) == expected
    assert not (client / "data/runs").exists()
    # What was trained is on the remote, and nothing is left to do.
    projects.dvc(client, fleet.env, "pull", "--allow-missing")
    assert len(list(client.glob("data/runs/*/weights.npz"))) == len(team.RUNS)
    dry = projects.dvc(client, fleet.env, "repro", "--allow-missing", "--dry")
    assert "up to date" in dry.stdout
    if "worker" in fault:  # its training ended with it
        pids = {int(pid) for _, pid in fleet.trainings()}
        assert not pids & set(psutil.pids())


@pytest.mark.long
def test_a_scheduler_that_dies_is_one_line_and_the_next_run_goes_on(
    running, fleet, expected
):
    client, process, workers, scheduler = running
    os.killpg(scheduler.pid, signal.SIGKILL)
    assert "error: The scheduler is gone" in fleet.finish(process, code=1)
    fleet.scheduler(client)
    for worker in workers:
        worker.wait(timeout=90)
    for name in ("one", "two"):
        fleet.worker(client.parent / name)
    fleet.finish(fleet.client(client))
    assert team.results(client) == expected


@pytest.mark.long
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_after_a_client_has_ended_the_next_takes_what_was_finished(
    running, fleet, expected, stop
):
    client, process, *_ = running
    os.killpg(process.pid, stop)
    process.wait(timeout=60)
    assert "Traceback" not in fleet.log("client")
    fleet.finish(fleet.client(client))
    assert team.results(client) == expected
    assert sorted(run for run, _ in fleet.trainings()) == sorted(team.RUNS)  # each once


@pytest.mark.long
def test_two_clients_on_one_cluster_train_each_run_once(running, fleet, expected):
    client, process, *_ = running
    second = projects.clone(client.parent / "study", client.parent / "second")
    fleet.finish(fleet.client(second), "second")
    fleet.finish(process)
    for folder in (client, second):
        assert team.results(folder) == expected
    assert sorted(run for run, _ in fleet.trainings()) == sorted(team.RUNS)


@pytest.mark.long
def test_a_chain_that_fails_everywhere_is_named_and_the_rest_is_merged(
    clones, fleet, expected
):
    client, one, _ = clones
    run_b = "variant: b, seed: "
    projects.edit(client / "params.yaml", f"{run_b}42", f"{run_b}none")
    projects.commit(client, "A seed that no training takes")
    fleet.scheduler(client)
    fleet.worker(one)
    output = fleet.finish(fleet.client(client), code=1)
    assert "b: `dvc repro` failed" in output
    assert "error: Without results: b; finished chains are merged." in output
    merged = set(team.results(client)["dvc.lock"]["stages"])
    assert {"evaluate@a", "evaluate@a-43"} <= merged
    assert not {"evaluate@b", "report"} & merged
    projects.edit(client / "params.yaml", "seed: none", "seed: 42")
    projects.commit(client, "Right again")
    assert "1 chains: b." in fleet.finish(fleet.client(client))
    assert team.results(client) == expected


@pytest.mark.long
def test_a_worker_with_other_packages_gets_nothing_and_other_code_is_replaced(
    clones, fleet, expected
):
    client, one, two = clones
    (one / "requirements.lock").write_text("numpy==1.0\n")
    projects.edit(two / "stages/train.py", "/ 255", "/ 250")
    projects.commit(two, "A colleague's own")
    projects.edit(client / "stages/train.py", "/ 255", "/ 255  # Another commit.")
    projects.commit(client, "Another commit")
    fleet.scheduler(client)
    fleet.worker(one)
    process = fleet.client(client)
    warning = "with another requirements.lock, Python, NumPy or tools/fleet: 1."
    team.wait(lambda: warning in fleet.log("client"))
    fleet.worker(two)
    fleet.finish(process)
    results = team.results(client)
    assert {**results, "dvc.lock": {}} == {**expected, "dvc.lock": {}}
    assert not (one / ".fleet/one").exists()


@pytest.mark.long
def test_this_machine_s_cores_make_what_dvc_repro_makes(clones, fleet, made, expected):
    client, *_ = clones
    fleet.finish(fleet.client(client))
    assert team.results(client) == expected
    made_here, made_there = (
        projects.contents(folder, "data/**/*") for folder in (client, made / "whole")
    )
    assert made_here == made_there
