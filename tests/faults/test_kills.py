"""Runs that end in the middle: the next `dvc repro` reaches the undisturbed end."""

import os
import random
import signal
import time

import projects
import pytest
from interrupted import LATER, LONG, ROUNDS, STAGES, TARGET

pytestmark = pytest.mark.slow

ENDS = {
    "kill -9 of the group": lambda dvc: os.killpg(dvc, signal.SIGKILL),
    "kill -9 of dvc alone": lambda dvc: os.kill(dvc, signal.SIGKILL),
    "SIGTERM to dvc": lambda dvc: os.kill(dvc, signal.SIGTERM),
    "SIGINT to the group": lambda dvc: os.killpg(dvc, signal.SIGINT),
}
SECONDS = 4.0  # about what a stage takes; a moment after its end falls into the next
# One moment a round, spread over the stages: in 20 rounds each of ten has two.
HIT = [
    stages[number * len(stages) // ROUNDS]
    for stages in [STAGES if LONG else LATER]
    for number in range(ROUNDS)
]


def wait_until_all_ended(group: int) -> None:
    """Wait for every process that a run has started; a stage must not outlive its dvc."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("A stage went on without dvc.")


def wait_for(dvc, stage):
    for line in dvc.stdout:
        if stage in projects.ran(line):
            return
    pytest.fail(f"{stage} did not begin: {dvc.stderr.read()}")


def test_a_training_killed_between_two_epochs_goes_on_after_the_first(
    study, checkpointed, tmp_path
):
    folder = study.copy(checkpointed, tmp_path)
    assert "Going on after epoch " in study.check_repaired(folder)


@pytest.mark.long
@pytest.mark.parametrize(("number", "stage"), list(enumerate(HIT)))
@pytest.mark.parametrize("kind", ENDS)
def test_a_run_that_was_ended_is_finished_by_the_next(
    study, tmp_path, kind, number, stage
):
    folder = study.copy(study.start, tmp_path)
    moment = random.Random(f"{kind} {number}").uniform(0, SECONDS)
    with projects.begin(folder, study.env, *TARGET) as dvc:
        wait_for(dvc, stage)
        time.sleep(moment)
        ENDS[kind](dvc.pid)
        # A Ctrl-C in the instant in which DVC starts a stage is lost: the run goes on to its end.
        _, errors = dvc.communicate(timeout=600)
        wait_until_all_ended(dvc.pid)
    assert "Traceback" not in errors
    running = folder / ".dvc/tmp/rwlock"
    if running.exists() and not running.read_text().endswith("}"):
        # DVC was just writing it, in place: the one thing that asks for more than dvc repro.
        study.check_refused(folder)
        study.verify(folder)
    study.check_repaired(folder)


@pytest.mark.long
def test_two_runs_at_once_do_not_mix(study, tmp_path):
    folder = study.copy(study.start, tmp_path)
    runs = [projects.begin(folder, study.env, *TARGET) for _ in range(2)]
    for run in runs:
        _, errors = run.communicate(timeout=600)
        # Either may be refused, and must say why.
        assert not run.returncode or "lock" in errors or "busy" in errors
    study.check_repaired(folder)
