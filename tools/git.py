"""Git commands that run none of the user's hooks: those are for the user's own commits."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from fer_transfer.console.errors import InputError

NO_HOOKS = f"core.hooksPath={os.devnull}"


def git(*arguments: str, folder: Path = Path()) -> str:
    """Run a Git command in a folder; return what it prints.

    Raises:
        InputError: If it fails.
    """
    command = ["git", "-c", NO_HOOKS, *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        why = " ".join(done.stderr.split())
        raise InputError(f"`git {' '.join(arguments[:2])}` failed: {why}")
    return done.stdout


def committed(paths: Iterable[str]) -> str:
    """Return HEAD, or raise an InputError if something under these paths differs from it."""
    changed = git("status", "--porcelain", "--", *paths).splitlines()
    if changed:
        raise InputError(f"{changed[0][3:]} is not committed. Commit the code first.")
    return git("rev-parse", "HEAD").strip()
