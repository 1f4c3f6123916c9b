import shutil
import time

import projects
import pytest
from interrupted import LONG, TARGET, VARIANT, Study, state


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    folder, home = tmp_path_factory.mktemp("study"), tmp_path_factory.mktemp("home")
    start, whole, env = folder / "start", folder / "whole", projects.environment(home)
    projects.make(start, (VARIANT,))
    if not LONG:
        projects.dvc(start, env, "repro", f"features@{VARIANT}")
    shutil.copytree(start, whole, symlinks=True)
    began = time.monotonic()
    projects.dvc(whole, env, "repro", *TARGET)
    return Study(start, whole, env, time.monotonic() - began, state(whole))
