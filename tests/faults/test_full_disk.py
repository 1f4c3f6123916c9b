"""A disk that is full: one clear error, and the next `dvc repro` reaches the same end."""

import shutil
import sys

import commands
import pytest
from interrupted import LONG, STAGES, VARIANT

pytestmark = pytest.mark.slow

# A namespace of its own, in which this user may mount.
UNSHARE = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
CAN_MOUNT = not commands.run(
    *UNSHARE, "mount -t tmpfs tmpfs /mnt", expected=None
).returncode
PLOTS = ("examples", "study")
# Where a stage writes, what it reads there, and how many kilobytes of room there are.
ROOM = {
    "download": ("data", ("unwatched",), 64),
    "prepare": ("data", ("raw", "detected", "unwatched"), 320),
    "weights": ("data/weights", (), 4096),
    "features": ("data/features", (), 512),
    "train": ("data/runs", (), 4096),
    "report": ("plots", PLOTS, 256),
}
REACHED = [
    stage if stage == "train" else pytest.param(stage, marks=pytest.mark.long)
    for stage in ROOM
    if LONG or stage != "report"
]


@pytest.mark.skipif(not CAN_MOUNT, reason="this system does not let a user mount")
@pytest.mark.parametrize("stage", REACHED)
def test_a_full_disk_is_one_error_and_costs_nothing(study, tmp_path, stage):
    folder = study.copy(study.whole, tmp_path)
    disk, inputs, size = ROOM[stage]
    shutil.rmtree(folder / ".dvc/cache")
    (folder / disk).rename(tmp_path / "old")
    (folder / disk).mkdir()
    copy = "".join(f" && cp -a {tmp_path}/old/{name} {disk}" for name in inputs)
    name = f"{stage}@{VARIANT}" if f"{stage}@{VARIANT}" in STAGES else stage
    done = commands.run(
        *UNSHARE,
        f"mount -t tmpfs -o size={size}k tmpfs {disk} {copy} && "
        f"{sys.executable} -m dvc repro --single-item {name}",
        folder=folder,
        env=study.env,
        expected=None,
    )
    assert done.returncode
    assert "The disk is full: free some space." in done.stderr
    assert "Traceback" not in done.stderr
    if "unwatched" in inputs:  # which is in Git, and no stage makes
        shutil.copy(tmp_path / "old/unwatched", folder / disk)
    study.check_repaired(folder)
