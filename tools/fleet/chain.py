"""Run one chain in a clone of the worker's own. Nothing here knows of Dask.

What a chain needs travels as plain values: a commit, the entries of dvc.lock that it rests on, and
the small files that Git would hold; data come from the DVC remote, or from a shared cache where
all workers are on one machine. What it returns is plain, too: the new entries, and the small files.
"""

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from dvc.utils.serialize import dumps_yaml

from fer_transfer.core import files
from tools.fleet.messages import Result, Task, key_of
from tools.fleet.slot import ChainError, Slot, open_slot
from tools.pipeline import LOCK, recorded

logger = logging.getLogger(__name__)

PUSH_WAITS = (
    5,
    20,
    60,
    180,
    600,
)  # seconds between attempts: a night's training is at stake
SAY_SECONDS = 15  # an epoch is reported at most this often
TAIL_LINES = 8

# Let dvc end with the worker, even by kill -9; and use some of the cores only, if told so.
# PR_SET_PDEATHSIG is 1 (prctl(2)); the parent may have gone before it was set.
GUARD = """
import ctypes, os, runpy, signal, sys
parent, cores = int(sys.argv.pop(1)), sys.argv.pop(1)
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != parent:
    sys.exit("the worker has gone")
if cores:
    os.sched_setaffinity(0, map(int, cores.split(",")))
runpy.run_module("dvc", run_name="__main__", alter_sys=True)
"""


def run(
    task: Task,
    bundle: bytes | None = None,
    say: Callable[[str], None] = logger.info,
    root: Path = Path(),
) -> Result:
    """Run a chain, or return what an earlier attempt here has finished.

    Args:
        task: What to run.
        bundle: A Git bundle of the commit, if this clone does not have it.
        say: Takes a line for the user: which stage, which epoch.
        root: The clone that the worker was started in.
    """
    started, key = time.monotonic(), key_of(task)
    try:
        with open_slot(root.resolve()) as slot:
            saved = slot.done / f"{key}.json"
            if saved.exists():
                found: Result = json.loads(saved.read_text(encoding="utf-8"))
                return found
            if not slot.has(task["commit"], bundle):
                return {"needs_bundle": True}
            slot.unlock()
            _prepare(slot, task, key)
            result = _run(slot, task, say)
            result["seconds"] = time.monotonic() - started
            with files.atomic_write(saved) as part:
                part.write_text(json.dumps(result), encoding="utf-8", newline="\n")
            slot.delete(task["unshared"], task["cache"])
            return result
    except ChainError as error:
        return {"error": str(error), "seconds": time.monotonic() - started}
    except OSError as error:  # a full disk
        why = " ".join(str(error).split())
        return {"error": why, "seconds": time.monotonic() - started}


def _prepare(slot: Slot, task: Task, key: str) -> None:
    """Check out, and write the lock; unless this chain was interrupted here, and goes on."""
    mark = slot.folder / "chain"
    if mark.exists() and mark.read_text(encoding="utf-8") == key:
        return
    mark.unlink(missing_ok=True)
    slot.check_out(task["commit"], task["cache"])
    for path, text in task["files"].items():
        with files.atomic_write(slot.clone / path) as part:
            part.write_bytes(text.encode())
    lock = {"schema": "2.0", "stages": task["entries"]}
    with files.atomic_write(slot.clone / LOCK) as part:
        part.write_text(dumps_yaml(lock), encoding="utf-8", newline="\n")
    mark.write_text(key, encoding="utf-8", newline="\n")


def _run(slot: Slot, task: Task, say: Callable[[str], None]) -> Result:
    if task["cache"]:
        # What is not in the cache is made again.
        _dvc(slot, task, ["checkout", "--allow-missing", *task["pull"]], check=False)
    elif task["pull"]:
        say("pulling")
        _dvc(slot, task, ["pull", "--allow-missing", *task["pull"]])
    _dvc(slot, task, ["repro", "--single-item", *task["stages"]], say)
    if not task["cache"] and task["push"]:
        _push(slot, task, say)
    lock = (slot.clone / LOCK).read_text(encoding="utf-8")
    entries = recorded(lock)
    return {
        "entries": {name: entries[name] for name in task["stages"]},
        "files": {
            path: (slot.clone / path).read_bytes().decode() for path in task["keep"]
        },
    }


def _push(slot: Slot, task: Task, say: Callable[[str], None]) -> None:
    """Push, again and again: on another machine all would be trained again."""
    for number, wait in enumerate((*PUSH_WAITS, None), start=1):
        try:
            say("pushing")
            _dvc(slot, task, ["push", *task["push"]])
        except ChainError as error:
            if wait is None:
                raise
            say(f"push {number} failed, trying again in {wait} s: {error}")
            time.sleep(wait)
        else:
            return


def _dvc(
    slot: Slot,
    task: Task,
    arguments: Sequence[str],
    say: Callable[[str], None] | None = None,
    *,
    check: bool = True,
) -> None:
    """Run a dvc command in the clone.

    Raises:
        ChainError: If it fails; the message is what it said last.
    """
    cores = slot.cores(task["workers"])
    command = [sys.executable, "-c", GUARD, str(os.getpid()), cores, *arguments]
    process = subprocess.Popen(
        command,
        cwd=slot.clone,
        env=slot.environment(task["threads"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    tail, stage, said = deque[str](maxlen=200), "", 0.0
    assert process.stdout
    with process:
        for line in process.stdout:
            tail.append(line.strip())
            begun = re.match(r"Running stage '(.+)':", line)
            epoch = re.search(r"\bepoch \d+ of \d+", line)
            if begun:
                stage, said = begun[1], 0.0
            if say and (begun or (epoch and time.monotonic() - said > SAY_SECONDS)):
                say(f"{stage}, {epoch[0]}" if epoch else stage)
                said = time.monotonic() if epoch else said
    if process.returncode and check:
        raise ChainError(f"`dvc {arguments[0]}` {_why(process.returncode, list(tail))}")


def _why(code: int, lines: list[str]) -> str:
    """Say why a command failed, by its own error messages or else its last lines."""
    if code < 0:
        return f"was killed by signal {-code}"
    errors = [line for line in lines if re.match(r"(error|ERROR):", line)]
    told = errors or [line for line in lines if line][-TAIL_LINES:]
    return "failed: " + " | ".join(told[:3])
