"""Offer this machine to a fleet: `python -m tools.fleet.worker --scheduler tcp://HOST:8786`.

A Dask worker that runs one chain at a time, in .fleet/ of this clone; what else `dask worker`
takes can be added (`--tls-cert`, `--interface`, ...). Dask runs whatever code reaches its port:
read docs/sharing.md first.
"""

import argparse
import hashlib
import os
import socket
import sys
from pathlib import Path

from fer_transfer.console import command
from fer_transfer.console.errors import InputError

HERE = Path(__file__).parent
CODE = (
    "chain.py",
    "messages.py",
    "remote.py",
    "slot.py",
)  # what a worker runs of this package


def resource() -> str:
    """Name what a worker must have: the same packages, and the same code that runs chains."""
    digest = hashlib.sha256(Path("requirements.lock").read_bytes())
    for name in CODE:
        digest.update((HERE / name).read_bytes())
    return f"fer-{digest.hexdigest()[:12]}"


def main(*arguments: str) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.fleet.worker")
    parser.add_argument("--scheduler", required=True, metavar="tcp://HOST:8786")
    known, rest = parser.parse_known_args(arguments)
    if not Path("requirements.lock").is_file() or not Path(".git").exists():
        raise InputError("Run it from the top folder of a clone.")
    options = {
        "--name": f"{socket.gethostname()}-{os.getpid()}",
        "--nthreads": "1",
        "--nworkers": "1",
        "--memory-limit": "0",  # Dask does not see the memory of the stages it starts
        "--resources": f"{resource()}=1",
        "--death-timeout": "60",
        "--local-directory": ".fleet/dask",
    }
    given = {option.partition("=")[0] for option in rest}
    for option, value in options.items():
        if option not in given:
            rest += [option, value]
    rest += ["--no-dashboard"]
    module = "distributed.cli.dask_worker"
    os.execv(sys.executable, [sys.executable, "-m", module, known.scheduler, *rest])


if __name__ == "__main__":
    command.run(lambda: main(*sys.argv[1:]))
