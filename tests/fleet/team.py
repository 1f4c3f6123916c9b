"""A toy study of several seeds, its colleagues' clones, and a Dask cluster on loopback."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import projects
import psutil
import settings_files
import toys
from commands import wait

SETTINGS = """\
variants: {a: {backbone: openface}, b: {backbone: vggface}}
runs:
  a: {variant: a, seed: 42}
  a-43: {variant: a, seed: 43}
  b: {variant: b, seed: 42}
"""
FILES = {
    ".dvc/config": "[core]\nremote = team\n['remote \"team\"']\nurl = s3://team/fleet\n",
    "dvc.yaml": toys.PIPELINE.replace("metrics/test/a.json]", "metrics/test]"),
    "params.yaml": toys.SETTINGS.partition("variants:")[0] + SETTINGS,
    "metrics/costs.json": '{"milliseconds_per_image": {"openface": 2.5, "vggface": 77}}',
    ".dvcignore": "__pycache__\n.fleet\n",
    ".gitignore": toys.FILES[".gitignore"] + "/.fleet\n/.venv\n",
}
RUNS = ("a", "a-43", "b")


def make(folder: Path) -> Path:
    """Make a Git repository of the toy study, that has not run, with the code of the fleet."""
    toys.begin(folder, FILES)
    projects.copy(folder, "tools", "fer_transfer", "requirements.lock")
    projects.commit(folder, "The study")
    return folder


def results(folder: Path) -> dict[str, object]:
    """Return what Git holds of results; the order of dvc.lock's entries does not count."""
    lock = settings_files.YAML_12.load(folder / "dvc.lock")
    return {"dvc.lock": lock, **projects.contents(folder, "metrics/**/*", "plots/**/*")}


@dataclass
class Fleet:
    """Processes of a scheduler, its workers and clients, all ended at the end."""

    env: dict[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def start(
        self, folder: Path, *command: str, log: str, **extra: str
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{log}.log").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=folder,
                env={**self.env, "PYTHONUNBUFFERED": "1", **extra},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def scheduler(self, folder: Path, **extra: str) -> subprocess.Popen[bytes]:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        command = ("distributed.cli.dask_scheduler", *options)
        process = self.start(folder, *command, log="scheduler", **extra)
        at = r"Scheduler at: +(\S+)"
        self.address = wait(lambda: re.search(at, self.log("scheduler")))[1]
        return process

    def worker(self, folder: Path, **extra: str) -> subprocess.Popen[bytes]:
        options = (self.address, "--host", "127.0.0.1", "--name", folder.name)
        command = ("tools.fleet.worker", *options)
        process = self.start(folder, *command, log=folder.name, **extra)
        wait(lambda: "Registered to" in self.log(folder.name))
        return process

    def client(self, folder: Path) -> subprocess.Popen[bytes]:
        """Start a client; without a scheduler, this machine's cores are its workers."""
        options = ("--scheduler", self.address) if self.address else ()
        return self.start(folder, "tools.fleet", *options, log=folder.name)

    def finish(
        self, client: subprocess.Popen[bytes], name: str = "client", code: int = 0
    ) -> str:
        """Wait for a client's end; return what it printed."""
        assert client.wait(timeout=900) == code, self.log(name)
        assert "Traceback" not in self.log(name)
        return self.log(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def trainings(self) -> list[list[str]]:
        """Return the run and the process of each training that has begun."""
        log = Path(self.env["TRAININGS"])
        return [line.split() for line in log.read_text().splitlines()]


@contextlib.contextmanager
def fleet(env: dict[str, str], folder: Path) -> Iterator[Fleet]:
    trainings = folder / "trainings"
    trainings.touch()
    started = Fleet({**env, "TRAININGS": str(trainings)}, folder)
    try:
        yield started
    finally:
        for process in reversed(started.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


def kill_worker(nanny: subprocess.Popen[bytes]) -> None:
    """Kill the process that computes for a worker, which its nanny has started."""
    for child in psutil.Process(nanny.pid).children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()
