"""A clock that is wrong or jumps: the same bytes, and nothing is done twice or left out."""

import os
from pathlib import Path

import projects
import pytest
from interrupted import TARGET, VARIANT
from test_kills import wait_for

pytestmark = pytest.mark.slow

YEARS = 365 * 24 * 3600
# Debian's package `libfaketime`, or where LIBFAKETIME says.
INSTALLED = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
LIBRARY = os.environ.get("LIBFAKETIME", INSTALLED)


@pytest.mark.long
@pytest.mark.parametrize("years", [-20, 20])
def test_files_from_another_time_are_the_same_files(study, tmp_path, years):
    folder = study.copy(study.whole, tmp_path)
    for path in folder.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime + years * YEARS))
    assert projects.ran(study.check_repaired(folder)) == []


@pytest.mark.long
@pytest.mark.skipif(not LIBRARY, reason="libfaketime is not there; see LIBFAKETIME")
@pytest.mark.parametrize("days", [-4000, 4000])
def test_a_clock_that_jumps_while_training_changes_nothing(study, tmp_path, days):
    folder, clock = study.copy(study.start, tmp_path), tmp_path / "clock"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        # A system's clock may be set; its count of seconds since the start goes on.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with projects.begin(folder, {**study.env, **faked}, *TARGET) as dvc:
        wait_for(dvc, f"train@{VARIANT}")
        clock.write_text(f"{days:+}d")
        _, errors = dvc.communicate(timeout=600)
    assert not dvc.returncode, errors
    assert projects.ran(study.check_repaired(folder)) == []
