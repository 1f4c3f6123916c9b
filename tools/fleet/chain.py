"""Run one chain in a clone of the worker's own. Nothing here knows of Dask.

What a chain needs travels as plain values: a commit, the entries of dvc.lock that it rests on, and
the small files that Git would hold; data come from the DVC remote, or from a shared cache where
all workers are on one machine. What it returns is plain, too: the new entries, and the small files.
"""

import fcntl
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

from dvc.config import Config

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.results.record import LOCK, Entry, recorded
from tools import processes
from tools.pipeline import lock_text

Say = Callable[[str], None]
# New entries of dvc.lock by stage, and what Git would hold of the stages by path.
Result = tuple[dict[str, Entry], dict[str, bytes]]

# Seconds between attempts to push: on another machine all would be trained again.
PUSH_WAITS = (5, 20, 60, 180, 600)


class Task(TypedDict):
    """What a worker is told."""

    name: str
    commit: str
    stages: list[str]  # to run, in this order
    # Of dvc.lock: of these stages, and of those they read from.
    entries: dict[str, Entry]
    files: dict[str, str]  # what Git holds of the same, by path
    keep: list[str]  # what the stages write and Git holds
    cache: str  # of DVC, if all workers share it in place of a remote; else empty


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
        InputError: If a dvc command fails.
    """

    def say_stage(line: str) -> None:
        if begun := re.match(r"Running stage '(.+)':", line):
            say(begun[1])

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until an earlier worker's process has ended
        clone = folder / key_of(task)
        _clone(task, clone, bundle)
        stages = task["stages"]
        processes.dvc(clone, "repro", "--single-item", *stages, on_line=say_stage)
        if not task["cache"]:
            _push(clone, say)
        entries = recorded(clone / LOCK)
        contents = {path: (clone / path).read_bytes() for path in task["keep"]}
        shutil.rmtree(clone)  # the features would fill the disk
        return {name: entries[name] for name in stages}, contents


def _clone(task: Task, clone: Path, bundle: Path) -> None:
    """Check out the commit, and get what the chain reads, unless that is done."""
    for other in clone.parent.iterdir():
        if other.is_dir() and other != clone:
            shutil.rmtree(other)
    if clone.exists():
        # A dvc that was killed may have left its list of running stages truncated.
        (clone / ".dvc/tmp/rwlock").unlink(missing_ok=True)
        return
    part = clone.with_name(".part")
    processes.clone(part, task["commit"], bundle if bundle.exists() else None)
    for path, text in {**task["files"], str(LOCK): lock_text(task["entries"])}.items():
        files.write_bytes(part / path, text.encode())
    # What the user set for this machine alone: credentials, the remote's address.
    with Config(str(part / ".dvc")).edit("local") as local:
        local.update(Config(".dvc").load_one("local"))
        if task["cache"]:
            local.setdefault("cache", {})["dir"] = task["cache"]
    processes.dvc(part, "checkout" if task["cache"] else "pull", "--allow-missing")
    part.rename(clone)


def _push(clone: Path, say: Say) -> None:
    for wait in PUSH_WAITS:
        try:
            return processes.dvc(clone, "push")
        except InputError as error:
            say(f"{error}; trying again in {wait} s")
            time.sleep(wait)
    return processes.dvc(clone, "push")
