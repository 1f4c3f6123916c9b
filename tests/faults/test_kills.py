"""Runs that end in the middle: the next `dvc repro` reaches the undisturbed end."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from interrupted import LONG, ROUNDS, TARGET

ENDS = {
    "kill -9 of the group": lambda dvc: os.killpg(dvc, signal.SIGKILL),
    "kill -9 of dvc alone": lambda dvc: os.kill(dvc, signal.SIGKILL),
    "SIGTERM to dvc": lambda dvc: os.kill(dvc, signal.SIGTERM),
    "SIGINT to the group": lambda dvc: os.killpg(dvc, signal.SIGINT),
}
KINDS = list(ENDS) if LONG else list(ENDS)[:2]
MOMENTS = [random.Random(number).uniform(0.05, 0.9) for number in range(ROUNDS)]


def start(study, folder):
    """Start `dvc repro` as the leader of a process group of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", *TARGET],
        cwd=folder,
        env=study.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


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


@pytest.mark.parametrize("moment", MOMENTS, ids="{:.3f}".format)
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_was_ended_is_finished_by_the_next(study, tmp_path, kind, moment):
    folder = study.copy(study.start, tmp_path)
    with start(study, folder) as dvc:
        time.sleep(moment * study.seconds)
        ENDS[kind](dvc.pid)
        _, errors = dvc.communicate(timeout=60)
        wait_until_all_ended(dvc.pid)
    assert "Traceback" not in errors
    study.check_repaired(folder)


def test_two_runs_at_once_do_not_mix(study, tmp_path):
    folder = study.copy(study.start, tmp_path)
    runs = [start(study, folder) for _ in range(2)]
    for run in runs:
        _, errors = run.communicate(timeout=600)
        # Either may be refused, and must say why.
        assert not run.returncode or "lock" in errors or "busy" in errors
    study.check_repaired(folder)
