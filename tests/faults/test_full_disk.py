"""A disk that is full: one clear error, and the next `dvc repro` reaches the same end."""

import shutil
import subprocess
import sys

import pytest
from interrupted import LONG, VARIANT

# A namespace of its own, in which this user may mount.
UNSHARE = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
CAN_MOUNT = not subprocess.run(
    [*UNSHARE, "mount -t tmpfs tmpfs /mnt"], capture_output=True
).returncode
# Where a stage writes, and how many kilobytes of room it finds there.
ROOM = {
    "features": ("data/features", 512),
    "train": ("data/runs", 4096),
    "weights": ("data/weights", 4096),
    "download": ("data", 64),
}


@pytest.mark.skipif(not CAN_MOUNT, reason="this system does not let a user mount")
@pytest.mark.parametrize("stage", ROOM if LONG else ("features", "train"))
def test_a_full_disk_is_one_error_and_costs_nothing(study, tmp_path, stage):
    folder = study.copy(study.whole, tmp_path)
    disk, size = ROOM[stage]
    shutil.rmtree(folder / ".dvc/cache")
    shutil.rmtree(folder / disk)
    (folder / disk).mkdir()
    name = stage if stage == "download" else f"{stage}@{VARIANT}"
    done = subprocess.run(
        [
            *UNSHARE,
            f"mount -t tmpfs -o size={size}k tmpfs {disk} && "
            f"{sys.executable} -m dvc repro --single-item {name}",
        ],
        cwd=folder,
        env=study.env,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode
    assert "The disk is full: free some space." in done.stderr
    assert "Traceback" not in done.stderr
    study.check_repaired(folder)
