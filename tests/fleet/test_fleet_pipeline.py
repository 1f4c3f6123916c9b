"""The real pipeline on synthetic faces, over a remote and two workers: what one machine makes."""

import projects
import pytest
import settings_files
import team


@pytest.mark.long
def test_two_machines_one_of_them_killed_make_what_one_makes(env, fleet, tmp_path):
    study = tmp_path / "study"
    projects.make(study)
    run = settings_files.load()["runs"]["openface-pretrained"]
    changes = {"runs.openface-pretrained-43": run | {"seed": 43}}
    settings_files.change(changes, study)
    projects.dvc(study, env, "remote", "add", "-d", "team", "s3://team/pipeline")
    projects.commit(study, "A second seed, and a remote")
    whole, client, one, two = (
        projects.clone(study, tmp_path / name)
        for name in ("whole", "client", "one", "two")
    )
    projects.dvc(whole, env, "repro", "--quiet")
    fleet.scheduler(client)
    workers = [fleet.worker(folder) for folder in (one, two)]
    process = fleet.client(client)
    team.wait(lambda: "train@" in fleet.log("client"), seconds=900)
    team.kill_worker(workers[0])
    fleet.finish(process)
    assert team.results(client) == team.results(whole)
    # The client trained nothing; what it can pull is what one machine has.
    assert not (client / "data/runs").exists()
    projects.dvc(client, env, "pull", "--allow-missing")
    runs = [projects.contents(folder, "data/runs/*/*") for folder in (client, whole)]
    assert runs[0] == runs[1]
