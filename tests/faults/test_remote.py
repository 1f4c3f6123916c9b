"""A remote that dies in the middle of a push or a pull: the next one ends whole."""

import random
import shutil

import projects
import pytest
import servers
from interrupted import ROUNDS, state

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def env(study, tmp_path_factory):
    log = tmp_path_factory.mktemp("s3") / "log"
    with servers.s3_bucket(log, "team") as credentials:
        yield {**study.env, **credentials, "AWS_MAX_ATTEMPTS": "2"}


def empty(study, target, store):
    """Copy the project without what Git does not hold."""
    folder = study.copy(study.whole, target)
    projects.git(folder, "add", "--all")
    projects.git(folder, "clean", "-dfXq", "--exclude=!.dvc")
    shutil.rmtree(folder / ".dvc/cache", ignore_errors=True)
    add_remote(study, folder, store)
    assert not (folder / "data/runs").exists()
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


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_push_and_a_pull_that_were_cut_off_are_finished_by_the_next(
    study, env, tmp_path, number
):
    for name in ("source", "clone"):
        (tmp_path / name).mkdir()
    source = study.copy(study.whole, tmp_path / "source")
    add_remote(study, source, f"store-{number}")
    clone = empty(study, tmp_path / "clone", f"store-{number}")
    wanted = pulled(study)
    pushed = {content for name, content in wanted.items() if name.startswith("data/")}
    room = random.Random(number).uniform(0.02, 0.95) * sum(map(len, pushed))
    pull = ("pull", "--allow-missing")
    for folder, command in ((source, ["push"]), (clone, pull)):
        with servers.line(env, room) as dying:
            done = projects.dvc(folder, dying.env, *command, expected=1)
        assert "Traceback" not in done.stderr
        assert state(clone).items() <= wanted.items()  # what is there is whole
        with servers.line(env) as line:
            projects.dvc(folder, line.env, *command)
    assert state(clone) == wanted
