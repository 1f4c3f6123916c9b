"""Run one chain in a clone of the worker's own. Nothing here knows of Dask.

What a chain needs travels as plain values: a commit, the entries of dvc.lock that it rests on, and
the small files that Git would hold; data come from the DVC remote, or from a shared cache where
all workers are on one machine. What it returns is plain, too: the new entries, and the small files.
"""

import ctypes
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from dvc.config import Config
from dvc.utils.serialize import dumps_yaml

from fer_transfer.core import files
from tools.git import git
from tools.pipeline import LOCK, recorded

Say = Callable[[str], None]

# Seconds between attempts to push: on another machine all would be trained again.
PUSH_WAITS = (5, 20, 60, 180, 600)
PYTHON = Path(sys.executable)  # `python` in the stages' commands, too
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # prctl(2)


class ChainError(Exception):
    """A dvc command of a chain failed; the message says why."""


class Task(TypedDict):
    """What a worker is told."""

    name: str
    commit: str
    stages: list[str]  # to run, in this order
    entries: dict[str, Any]  # of dvc.lock: of these stages, and of those they read from
    files: dict[str, str]  # what Git holds of the same, by path
    keep: list[str]  # what the stages write and Git holds
    cache: str  # of DVC, if all workers share it in place of a remote; else empty


class Result(TypedDict):
    """What a worker returns of a task's stages."""

    entries: dict[str, Any]
    files: dict[str, str]


def key_of(task: Task) -> str:
    """Name a task by everything it depends on."""
    digest = hashlib.sha256(json.dumps(task, sort_keys=True).encode()).hexdigest()
    return f"{task['name']}-{digest[:16]}"


def run(task: Task, folder: Path, bundle: Path, say: Say) -> Result:
    """Run a chain, from where an earlier attempt in this folder was interrupted.

    Args:
        task: What to run.
        folder: Of this worker alone; it holds the clone of one chain at a time.
        bundle: A Git bundle of the commit; it need not exist where Git has the commit.
        say: Takes a line for the user.

    Raises:
        ChainError: If a dvc command fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until an earlier worker's process has ended
        clone = folder / key_of(task)
        _clone(task, clone, bundle)
        _dvc(clone, "repro", "--single-item", *task["stages"], say=say)
        if not task["cache"]:
            _push(clone, say)
        entries = recorded((clone / LOCK).read_text(encoding="utf-8"))
        result = Result(
            entries={name: entries[name] for name in task["stages"]},
            files={path: (clone / path).read_bytes().decode() for path in task["keep"]},
        )
        shutil.rmtree(clone)  # the features would fill the disk
        return result


def _clone(task: Task, clone: Path, bundle: Path) -> None:
    """Check out the commit, and get what the chain reads, unless that is done."""
    for other in clone.parent.iterdir():
        if other.is_dir() and other != clone:
            shutil.rmtree(other)
    if clone.exists():
        # A dvc that was killed may have left its list of running stages truncated.
        (clone / ".dvc/tmp/rwlock").unlink(missing_ok=True)
        return
    root, part = str(Path.cwd()), clone.with_name(".part")
    git("clone", "--quiet", "--shared", "--no-checkout", root, str(part))
    if bundle.exists():
        git("fetch", "--quiet", str(bundle.resolve()), "HEAD", folder=part)
    git("checkout", "--quiet", "--detach", task["commit"], folder=part)
    lock = dumps_yaml({"schema": "2.0", "stages": task["entries"]})
    for path, text in {**task["files"], str(LOCK): lock}.items():
        with files.atomic_write(part / path) as file:
            file.write_bytes(text.encode())
    # What the user set for this machine alone: credentials, the remote's address.
    with Config(str(part / ".dvc")).edit("local") as local:
        local.update(Config(".dvc").load_one("local"))
        if task["cache"]:
            local.setdefault("cache", {})["dir"] = task["cache"]
    _dvc(part, "checkout" if task["cache"] else "pull", "--allow-missing")
    part.rename(clone)


def _push(clone: Path, say: Say) -> None:
    for wait in PUSH_WAITS:
        try:
            return _dvc(clone, "push")
        except ChainError as error:
            say(f"{error}; trying again in {wait} s")
            time.sleep(wait)
    return _dvc(clone, "push")


def _dvc(clone: Path, *arguments: str, say: Say | None = None) -> None:
    """Run a dvc command in the clone.

    Raises:
        ChainError: If it fails; the message holds its errors, or else its last lines.
    """
    path = f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        [str(PYTHON), "-m", "dvc", *arguments],
        cwd=clone,
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=_end_with_worker,
    ) as process:
        lines = deque[str](maxlen=200)
        for line in process.stdout or ():
            lines.append(line.strip())
            begun = re.match(r"Running stage '(.+)':", line)
            if say and begun:
                say(begun[1])
    if process.returncode:
        errors = [line for line in lines if re.match(r"error:", line, re.IGNORECASE)]
        why = " | ".join((errors or [line for line in lines if line][-8:])[:3])
        raise ChainError(f"`dvc {arguments[0]}` failed ({process.returncode}): {why}")


def _end_with_worker() -> None:
    """Let dvc end with the worker, even by kill -9; stages end with dvc."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
