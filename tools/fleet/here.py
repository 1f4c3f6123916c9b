"""What the client does in its own clone: the data, the split, the remote, the Git bundle."""

import functools
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from dvc.repo import Repo

from fer_transfer.console.errors import InputError
from tools.pipeline import LOCK, Pipeline, load, recorded


def dvc(*arguments: str, check: bool = True) -> None:
    """Run a dvc command, whose output the user sees.

    Raises:
        InputError: If it fails.
    """
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], check=False)
    if done.returncode and check:
        raise InputError(
            f"`dvc {' '.join(arguments[:2])}` failed, see above. Nothing more was run."
        )


def check_remote(repo: Repo) -> None:
    """Ask the default remote for an object.

    Raises:
        InputError: If there is no remote, or it does not answer.
    """
    name = repo.config["core"].get("remote")
    if not name:
        raise InputError(
            "No DVC remote is set, by which workers get data and return results. Add one "
            "(docs/sharing.md) and commit .dvc/config."
        )
    try:
        store = repo.cloud.get_remote_odb()
        store.fs.exists(store.oid_to_path("0" * 32))
    except Exception as error:  # each kind of remote has exceptions of its own
        why = " ".join(str(error).split())
        raise InputError(
            f"The DVC remote `{name}` cannot be used: {why or type(error).__name__}. See "
            "docs/sharing.md."
        ) from None


def run_head(stages: Iterable[str], *, remote: bool) -> None:
    """Run the stages that all runs rest on, once, and push what they wrote."""
    names = list(stages)
    if not names:
        return
    if remote:  # what a colleague has downloaded is not downloaded again
        dvc("pull", "--quiet", "--allow-missing", *names, check=False)
    dvc("repro", "--quiet", *names)
    if remote:
        dvc("push", "--quiet", *names)


def state() -> tuple[Pipeline, dict[str, Any]]:
    """Return the pipeline of this checkout, and the entries of dvc.lock as YAML gives them."""
    text = LOCK.read_text(encoding="utf-8") if LOCK.is_file() else "stages: {}"
    return load(Repo(), text), recorded(text)


def push(paths: set[str]) -> None:
    """Push of what workers will pull all that is in this clone's cache."""
    _, entries = state()
    store = Repo().cache.local
    found = [
        out["path"]
        for values in entries.values()
        for out in values.get("outs", [])
        if out["path"] in paths and store.exists(out.get("md5", ""))
    ]
    if found:
        dvc("push", "--quiet", *found)


def cache() -> str:
    """Return the folder of DVC's cache, without `files/md5`."""
    return str(Repo().cache.local_cache_dir)


@functools.cache
def bundle() -> bytes:
    """Return HEAD and its history as a Git bundle."""
    command = ["git", "bundle", "create", "--quiet", "-", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True).stdout
