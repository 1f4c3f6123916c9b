"""The old and the new code, each in a worktree, run on the small part of the data."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from tools.git import git
from tools.pipeline import LOCK, Entry, entries
from tools.unchanged import small

CHECKPOINTS = ".ckpt"  # where a stage that can be resumed keeps its state
LOOK_SECONDS = 0.005
TAIL_LINES = 15


@dataclass(frozen=True)
class Side:
    """A worktree with a project of its own: cache, settings, results."""

    name: str  # old, new
    folder: Path

    def entries(self) -> dict[str, Entry]:
        """Return what its dvc.lock records."""
        return entries((self.folder / LOCK).read_text(encoding="utf-8"))

    def checkpoints(self) -> list[Path]:
        """Return the states of stages that were not finished."""
        with suppress(FileNotFoundError):  # it is being removed as we look
            found = (self.folder / CHECKPOINTS).rglob("*")
            return [path for path in found if path.is_file() and path.name[0] != "."]
        return []


@contextmanager
def worktree(name: str, commit: str, parent: Path) -> Iterator[Side]:
    """Check out a commit beside the project; nothing in it has run."""
    folder = parent / name
    try:
        git("worktree", "add", "--quiet", "--detach", str(folder), commit)
        (folder / LOCK).unlink(missing_ok=True)
        yield Side(name, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        git("worktree", "prune")  # also one that was left by a kill


def reproduce(
    side: Side, names: list[str], num_stages: int, *, kill: bool = False
) -> bool:
    """Run stages and all they hang on; `num_stages` is how many these are.

    With `kill`, all is killed as soon as a stage has written its first checkpoint. Returns
    whether that happened.
    """
    log = side.folder.with_name(f"{side.name}.log")
    with log.open("ab") as output, log.open(encoding="utf-8") as lines:
        lines.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", *names],
            cwd=side.folder,
            env=environment(side.folder.parent / "home"),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its stages can be killed with it
        )
        try:
            with Progress(num_stages, "stage") as progress:
                while process.poll() is None:
                    progress.update(len(started(lines.read())))
                    if kill and side.checkpoints():
                        return True
                    time.sleep(LOOK_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode:
        tail = log.read_text(encoding="utf-8").splitlines()[-TAIL_LINES:]
        raise InputError(
            f"The {side.name} code stopped on the small part of the data:\n"
            + "\n".join(f"    {line}" for line in tail)
        )
    return False


def started(output: str) -> list[str]:
    """Name the stages that dvc says it runs, or would run."""
    return re.findall(r"^Running stage '(.+)':$", output, re.MULTILINE)


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which DVC keeps what it keeps to itself in a folder."""
    kept = {key: value for key, value in os.environ.items() if key[:4] != "DVC_"}
    return {
        **kept,
        "DVC_NO_ANALYTICS": "1",
        "DVC_GLOBAL_CONFIG_DIR": str(home),
        "DVC_SYSTEM_CONFIG_DIR": str(home),
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        # `python`, in the stages' commands, is the one that runs this.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def write_small_part(side: Side, target: Path) -> None:
    """Write the small part of the real data, preparing these first if they never were."""
    images = small.IMAGES
    if not images.is_file():
        settings = side.folder / "params.yaml"
        before = settings.read_bytes()
        small.write_settings(settings, small.RAW.resolve())
        reproduce(side, ["prepare"], 2)
        settings.write_bytes(before)
        images = side.folder / images
    small.write_csv(images, target)
