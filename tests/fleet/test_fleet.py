"""A study run by two machines that share nothing but a remote: what one machine makes of it."""

import json
from pathlib import Path

import projects
import pytest
import team


def trainings(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "trainings").read_text().splitlines()]


@pytest.mark.long
def test_two_machines_make_what_one_makes_and_the_client_trains_nothing(
    clones, fleet, expected, tmp_path
):
    client, *workers = clones
    fleet.scheduler(client)
    for worker in workers:
        fleet.worker(worker)
    said = fleet.run(client)
    assert projects.contents(client, *team.RESULTS) == expected
    assert sorted(trainings(tmp_path)) == sorted(team.RUNS)
    assert not (client / "data/runs").exists()
    # The longest chain first, the seeds of a variant together.
    assert "2 chains: b, a." in said
    assert "epoch 3 of 3" in said or "train@" in said
    # Features would fill the disk, and nobody needs them any more.
    for worker in workers:
        assert not list(worker.rglob("data/features/*"))
    # What was trained is on the remote.
    projects.dvc(client, fleet.env, "pull", "--allow-missing")
    assert len(list(client.glob("data/runs/*/weights.npz"))) == len(team.RUNS)
    assert (
        "up to date"
        in projects.dvc(client, fleet.env, "repro", "--allow-missing").stdout
    )
    # Nothing is left to do, and so nothing is done; results that wait to be merged are none.
    fleet.run(client)
    assert projects.contents(client, *team.RESULTS) == expected
    assert not list((client / ".fleet/results").glob("*.json"))
    assert json.loads(expected["plots/report.json"]).keys() == set(team.RUNS)
