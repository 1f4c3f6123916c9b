"""Git and DVC, each in a process of its own."""

import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fer_transfer.console.errors import InputError

# What decides what stages do, in Git.
CODE = "fer_transfer", "stages", "dvc.yaml", "params.yaml", ".dvcignore", ".dvc/config"
# A user's hooks are for the user's own commits.
NO_HOOKS = f"core.hooksPath={os.devnull}"
LAST_LINES, LINE_LENGTH = 3, 200  # of a dvc command that failed
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # prctl(2)


def git(*arguments: str, folder: Path = Path()) -> str:
    """Run a Git command in a folder, without the user's hooks; return what it prints.

    Raises:
        InputError: If it fails.
    """
    command = ["git", "-c", NO_HOOKS, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        why = " ".join(done.stderr.split())
        raise InputError(f"`git {' '.join(arguments[:2])}` failed: {why}")
    return done.stdout


def clone(folder: Path, commit: str, bundle: Path | None = None) -> None:
    """Check out a commit of this clone, or of a bundle, in one that shares its objects."""
    git("clone", "--quiet", "--shared", "--no-checkout", str(Path.cwd()), str(folder))
    if bundle:
        git("fetch", "--quiet", str(bundle.resolve()), "HEAD", folder=folder)
    git("checkout", "--quiet", "--detach", commit, folder=folder)


def committed() -> str:
    """Return HEAD, or raise an InputError if code or settings differ from it."""
    changed = git("status", "--porcelain", "-uall", "--", *CODE).splitlines()
    if changed:
        raise InputError(f"{changed[0][3:]} is not committed. Commit the code first.")
    return git("rev-parse", "HEAD").strip()


def dvc(
    folder: Path,
    *arguments: str,
    on_line: Callable[[str], object] = lambda _: None,
    **variables: str,
) -> None:
    """Run a dvc command in a clone; it ends with this process, and stages end with it.

    Args:
        folder: The top folder of the clone.
        arguments: Of the command.
        on_line: Takes each line that it prints.
        variables: Of its environment, beside those of this process.

    Raises:
        InputError: If it fails; the message holds its last lines.
    """
    # `python`, in the stages' commands, is the one that runs this.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # It ends with this process, even by kill -9.
        preexec_fn=partial(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGKILL),
    ) as process:
        last = deque[str](maxlen=LAST_LINES)
        for line in process.stdout or ():
            on_line(line)
            if line.strip():
                last.append(line.strip()[:LINE_LENGTH])
    if process.returncode:
        why = " | ".join(last)
        raise InputError(f"`dvc {arguments[0]}` failed ({process.returncode}): {why}")
