"""What the chains returned: kept on disk as it arrives, merged in one write, put in DVC's order."""

import fcntl
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvc.repo import Repo

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from tools.fleet.messages import Result
from tools.merge import merge
from tools.pipeline import LOCK, locked

FOLDER = Path(".fleet/results")


@contextmanager
def alone() -> Iterator[None]:
    """Let only one client run in this clone.

    Raises:
        InputError: If another does.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER.parent / "client").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("Another `make fleet` runs in this clone.") from None
        yield


def save(key: str, result: Result) -> None:
    """Keep a result until it is merged: this process may be killed at any moment."""
    with files.atomic_write(FOLDER / f"{key}.json") as part:
        part.write_text(json.dumps(result), encoding="utf-8", newline="\n")


def merge_saved() -> tuple[list[str], list[str]]:
    """Merge what is kept; name the stages taken, and those that do not fit this checkout.

    Raises:
        InputError: If a file is not what its entry records; then nothing is taken.
    """
    found = sorted(FOLDER.glob("*.json"))
    entries: dict[str, Any] = {}
    contents: dict[str, str] = {}
    for path in found:
        result: Result = json.loads(path.read_text(encoding="utf-8"))
        entries |= result["entries"]
        contents |= result["files"]

    def read(path: str) -> bytes | None:
        return contents[path].encode() if path in contents else None

    taken, refused = merge(entries, read) if entries else ([], [])
    for path in found:
        path.unlink()
    return taken, refused


def sort_lock(order: Iterable[str]) -> None:
    """Put the entries that are new since HEAD in the order in which one machine adds them.

    The text is cut, not parsed: DVC's YAML takes a second for 60 KB.
    """
    with locked(Repo().lock):
        old = LOCK.read_text(encoding="utf-8")
        new = in_order(old, _committed(), order)
        if new != old:
            with files.atomic_write(LOCK) as part:
                part.write_text(new, encoding="utf-8", newline="\n")


def in_order(lock: str, committed: Iterable[str], order: Iterable[str]) -> str:
    r"""Sort the blocks of a dvc.lock: as committed, then in DVC's order, then the rest.

    >>> in_order("stages:\n  b:\n    cmd: x\n  a:\n    cmd: y\n", [], ["a", "b"])
    'stages:\n  a:\n    cmd: y\n  b:\n    cmd: x\n'
    """
    first, *blocks = re.split(r"(?m)^(?=  \S)", lock)
    named = {block.strip().partition(":")[0].strip("'\""): block for block in blocks}
    names = dict.fromkeys([*committed, *order, *named])
    return first + "".join(named[name] for name in names if name in named)


def _committed() -> list[str]:
    done = subprocess.run(
        ["git", "show", f"HEAD:./{LOCK}"], check=False, capture_output=True, text=True
    )  # fails where none was committed yet
    return re.findall(r"(?m)^  (\S+):$", done.stdout)
