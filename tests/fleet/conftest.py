import shutil

import projects
import pytest
import servers
import team


@pytest.fixture(scope="session")
def env(tmp_path_factory):
    """The environment of a colleague with credentials for an S3 server."""
    home = tmp_path_factory.mktemp("home")
    with servers.s3_bucket(home / "server.log", "team") as credentials:
        yield {**projects.environment(home), **credentials}


@pytest.fixture(scope="session")
def made(env, tmp_path_factory):
    """The study that has not run, and what one machine makes of it."""
    folder = tmp_path_factory.mktemp("made")
    team.make(folder / "study", "s3://team/fleet")
    shutil.copytree(folder / "study", folder / "whole")
    projects.dvc(folder / "whole", env, "repro")
    return folder


@pytest.fixture
def expected(made):
    return projects.contents(made / "whole", *team.RESULTS)


@pytest.fixture
def clones(made, env, tmp_path):
    """Clones for a client and two workers, with a remote that nobody has used."""
    team_study = shutil.copytree(made / "study", tmp_path / "study")
    config = team_study / ".dvc/config"
    config.write_text(config.read_text().replace("/fleet", f"/{tmp_path.name}"))
    projects.commit(team_study, "A remote of its own")
    return [
        team.clone(team_study, tmp_path / name) for name in ("client", "one", "two")
    ]


@pytest.fixture
def fleet(env, tmp_path):
    (tmp_path / "logs").mkdir()
    trainings = {"TRAININGS": str(tmp_path / "trainings")}
    with team.fleet({**env, **trainings}, tmp_path / "logs") as started:
        yield started
