import os
import shutil
import signal
import time

import projects
import pytest
import settings_files
from interrupted import LONG, TARGET, VARIANT, Study, state
from test_kills import wait_until_all_ended


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    folder, home = tmp_path_factory.mktemp("study"), tmp_path_factory.mktemp("home")
    start, whole, env = folder / "start", folder / "whole", projects.environment(home)
    projects.make(start, (VARIANT,))
    # Time to kill a training between two epochs, of which each leaves a checkpoint.
    settings_files.change({"train.epochs": 6}, start)
    fit = start / "fer_transfer/training/fit.py"
    projects.edit(fit, "CHECKPOINT_SECONDS = 60", "CHECKPOINT_SECONDS = 0")
    if not LONG:
        projects.dvc(start, env, "repro", f"features@{VARIANT}")
    shutil.copytree(start, whole, symlinks=True)
    projects.dvc(whole, env, "repro", *TARGET)
    return Study(start, whole, env, state(whole))


@pytest.fixture(scope="session")
def checkpointed(study, tmp_path_factory):
    """Kill a run between two epochs."""
    folder = study.copy(study.start, tmp_path_factory.mktemp("killed"))
    with projects.begin(folder, study.env, *TARGET) as dvc:
        while not list(folder.glob(".ckpt/*/epoch.npz")):
            assert dvc.poll() is None, "No checkpoint was seen."
            time.sleep(0.005)
        os.killpg(dvc.pid, signal.SIGKILL)
        dvc.communicate(timeout=60)
    wait_until_all_ended(dvc.pid)
    return folder
