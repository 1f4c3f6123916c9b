"""The real pipeline on synthetic faces, over a remote and two workers: what one machine makes."""

import os
import signal

import projects
import pytest
import team

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def study(env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    projects.make(folder / "study")
    settings = folder / "study/params.yaml"
    values = projects.YAML_12.load(settings)
    another = {
        "variant": "openface-pretrained",
        "backbone": "openface",
        "split": "random",
        "seed": 43,
    }
    values["runs"]["openface-pretrained-43"] = another
    projects.YAML_12.dump(values, settings)
    projects.commit(folder / "study", "A second seed")
    whole = team.clone(folder / "study", folder / "whole")
    projects.dvc(whole, env, "repro", "--quiet")
    remote = ("remote", "add", "-d", "team", "s3://team/pipeline")
    projects.dvc(folder / "study", env, *remote)
    projects.commit(folder / "study", "A remote")
    return folder


def test_two_machines_one_of_them_killed_make_what_one_makes(study, fleet, tmp_path):
    client, one, two = (
        team.clone(study / "study", tmp_path / name)
        for name in ("client", "one", "two")
    )
    fleet.scheduler(client)
    workers = [fleet.worker(folder) for folder in (one, two)]
    process = fleet.client(client)
    fleet.wait_log("client.log", r"train@\S+, epoch 1", seconds=900)
    os.kill(team.pids(workers[0])[0], signal.SIGKILL)
    assert process.wait(timeout=900) == 0, fleet.log("client.log")
    assert "vanished; queued" in fleet.log("client.log")
    made, expected = (
        projects.contents(folder, *team.RESULTS, "plots/*.html")
        for folder in (client, study / "whole")
    )
    assert [name for name in expected if made.get(name) != expected[name]] == []
    assert made.keys() == expected.keys()
    # The client trained nothing; what it can pull is what one machine has.
    assert not (client / "data/runs").exists()
    projects.dvc(client, fleet.env, "pull", "--allow-missing")
    runs = [
        projects.contents(one, "data/runs/*/*") for one in (client, study / "whole")
    ]
    assert runs[0] == runs[1]


def test_this_machine_s_cores_make_what_dvc_repro_makes(study, fleet, tmp_path):
    client = team.clone(study / "study", tmp_path / "client")
    process = fleet.start(client, "tools.fleet", "--workers", "2", log="client.log")
    assert process.wait(timeout=900) == 0, fleet.log("client.log")
    made, expected = (
        projects.contents(folder, *team.RESULTS, "data/**/*")
        for folder in (client, study / "whole")
    )
    assert [name for name in expected if made.get(name) != expected[name]] == []
    assert made.keys() == expected.keys()
