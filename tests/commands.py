"""Commands that tests run to their end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]


def run(
    *command: str | Path,
    folder: Path = PROJECT,
    env: Mapping[str, str] | None = None,
    expected: int | None = 0,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command, and hold it to its exit code; None is any.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        env: Its environment; this process's own unless given.
        expected: The exit code.
        variables: What its environment has besides.
    """
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**(os.environ if env is None else env), **variables},
        capture_output=True,
        text=True,
        timeout=1800,  # a machine may be busy
    )
    assert expected in (None, done.returncode), done.stdout + done.stderr
    return done


def python(
    *arguments: str | Path, **options: object
) -> subprocess.CompletedProcess[str]:
    """Run the Python that runs the tests; `options` are those of `run`."""
    return run(sys.executable, *arguments, **options)


def wait(condition: Callable[[], Any], seconds: float = 300) -> Any:
    """Wait until a condition holds; return what it gives."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)
    return value
