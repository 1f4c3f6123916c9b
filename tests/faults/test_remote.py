"""A remote that dies in the middle of a push or a pull: the next one ends whole."""

import random
import shutil

import projects
import pytest
import servers
from interrupted import ROUNDS, state

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    with servers.s3(tmp_path_factory.mktemp("s3") / "log") as port:
        servers.make_bucket(f"http://127.0.0.1:{port}/team")
        yield port


def through(line, study):
    """Return the environment of somebody who reaches the remote by this line only."""
    address = f"http://127.0.0.1:{line.server_address[1]}"
    once = {"AWS_ENDPOINT_URL_S3": address, "AWS_MAX_ATTEMPTS": "2"}
    return {**study.env, **servers.CREDENTIALS, **once}


def empty(study, target, store):
    """Copy the project without what Git does not hold."""
    folder = study.copy(study.whole, target)
    projects.git(folder, "add", "--all")
    projects.git(folder, "clean", "-dfXq", "--exclude=!.dvc")
    shutil.rmtree(folder / ".dvc/cache", ignore_errors=True)
    add_remote(study, folder, store)
    assert not (folder / "data").exists()
    return folder


def add_remote(study, folder, store):
    projects.dvc(folder, study.env, "remote", "add", "-d", "team", f"s3://team/{store}")


def pulled(study):
    """Return what a pull must bring: all but the features, which stay where they are made."""
    return {
        name: content
        for name, content in study.expected.items()
        if not name.startswith("data/features/")
    }


def push_and_pull(study, line, tmp_path, store):
    """Push and pull undisturbed, and return the bytes that each takes."""
    folder = study.copy(study.whole, tmp_path / "source")
    add_remote(study, folder, store)
    projects.dvc(folder, through(line, study), "push")
    pushed = line.carried
    clone = empty(study, tmp_path / "clone", store)
    projects.dvc(clone, through(line, study), "pull", "--allow-missing")
    assert state(clone) == pulled(study)
    return pushed, line.carried - pushed


@pytest.fixture(scope="module")
def sizes(study, s3, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "source").mkdir()
    (folder / "clone").mkdir()
    with servers.line(s3) as line:
        return push_and_pull(study, line, folder, "undisturbed")


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_push_that_was_cut_off_is_finished_by_the_next(
    study, s3, sizes, tmp_path, number
):
    store = f"push-{number}"
    folder = study.copy(study.whole, tmp_path)
    add_remote(study, folder, store)
    share = random.Random(f"push {number}").uniform(0.02, 0.95)
    with servers.line(s3, share * sizes[0]) as dying:
        done = projects.dvc(folder, through(dying, study), "push", expected=1)
    assert "Traceback" not in done.stderr
    with servers.line(s3) as line:
        projects.dvc(folder, through(line, study), "push")
        (tmp_path / "clone").mkdir()
        clone = empty(study, tmp_path / "clone", store)
        projects.dvc(clone, through(line, study), "pull", "--allow-missing")
    assert state(clone) == pulled(study)


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_pull_that_was_cut_off_is_finished_by_the_next(
    study, s3, sizes, tmp_path, number
):
    folder = empty(study, tmp_path, "undisturbed")
    share = random.Random(f"pull {number}").uniform(0.02, 0.95)
    pull = ("pull", "--allow-missing")
    with servers.line(s3, share * sizes[1]) as dying:
        done = projects.dvc(folder, through(dying, study), *pull, expected=1)
    assert "Traceback" not in done.stderr
    # What is there already is whole.
    assert state(folder).items() <= pulled(study).items()
    with servers.line(s3) as line:
        projects.dvc(folder, through(line, study), *pull)
    assert state(folder) == pulled(study)
