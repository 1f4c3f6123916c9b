"""Offer this machine to a fleet: `python -m tools.fleet.worker tcp://HOST:8786 [OPTION ...]`.

A Dask worker that runs one chain at a time, in .fleet/ of this clone; options are those of `dask
worker` (`--host`, `--interface`, ...). Dask runs whatever code reaches its port: read
docs/sharing.md first.
"""

import hashlib
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from distributed import get_worker

from fer_transfer.console import command
from tools.fleet import chain

LOCK = Path("requirements.lock")
TOPIC = "fer-fleet"  # of the lines that workers send to the client
OPTIONS = (
    *("--name", platform.node(), "--nworkers", "1", "--nthreads", "1"),
    # Dask does not see the memory of the stages that it starts.
    *("--memory-limit", "0", "--local-directory", ".fleet/dask", "--no-dashboard"),
    *("--death-timeout", "60"),  # seconds without a scheduler
)


def resource() -> str:
    """Name what a worker must have: the same Python, packages and code of the fleet."""
    files = [LOCK, *sorted(Path("tools/fleet").glob("*.py"))]
    versions = f"{platform.python_version()} {version('numpy')}".encode()
    digest = hashlib.sha256(b"".join([versions, *map(Path.read_bytes, files)]))
    return f"fer-{digest.hexdigest()[:12]}"


def work(task: chain.Task) -> chain.Result:
    """Run a chain in a Dask worker, and tell the client which stage it is at."""
    worker = get_worker()

    def say(line: str) -> None:
        worker.log_event(TOPIC, f"{task['name']}: {line}")

    bundle = Path(worker.local_directory) / f"{task['commit']}.bundle"
    return chain.run(task, Path(".fleet") / str(worker.name), bundle, say)


def main(*arguments: str) -> None:
    options = [*OPTIONS, "--resources", f"{resource()}=1", *arguments]
    module = "distributed.cli.dask_worker"
    os.execv(sys.executable, [sys.executable, "-m", module, *options])


if __name__ == "__main__":
    command.run(lambda: main(*sys.argv[1:]))
