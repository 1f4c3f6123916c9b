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
        yield {**projects.environment(home), **credentials, "AWS_MAX_ATTEMPTS": "1"}


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """The study that has not run."""
    return team.make(tmp_path_factory.mktemp("made") / "study")


@pytest.fixture(scope="session")
def made(env, study):
    """A folder with the study, and what one machine makes of it."""
    whole = shutil.copytree(study, study.parent / "whole")
    projects.dvc(whole, env, "repro")
    return study.parent


@pytest.fixture
def expected(made):
    return team.results(made / "whole")


@pytest.fixture
def clones(study, tmp_path):
    """Clones for a client and two workers, with a remote that nobody has used."""
    own = shutil.copytree(study, tmp_path / "study")
    projects.edit(own / ".dvc/config", "/fleet", f"/{tmp_path.name}")
    projects.commit(own, "A remote of its own")
    return [projects.clone(own, tmp_path / name) for name in ("client", "one", "two")]


@pytest.fixture
def fleet(env, tmp_path):
    with team.fleet(env, tmp_path) as started:
        yield started
