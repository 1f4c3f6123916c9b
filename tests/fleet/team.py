"""A toy study with features and seeds, its colleagues' clones, and a Dask cluster on loopback."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import projects
import psutil
import toys

FEATURES = """\
import sys

import numpy as np

from fer_transfer import common

name = sys.argv[1]
Path = common.Path
features = common.channels() * len(name)
Path("data/features").mkdir(parents=True, exist_ok=True)
np.save(f"data/features/{name}.npy", features)
common.write_json(f"metrics/features/{name}.json", {"sum": int(features.sum())})
"""

# A fault of one machine: FAULT in its worker's environment.
TRAIN = """\
import os
import sys
import time
from pathlib import Path

import numpy as np

from fer_transfer import common

name = sys.argv[1]
if os.environ.get("FAULT") == "full disk":
    sys.exit("error: [Errno 28] No space left on device. The disk is full: free some space.")
settings = common.settings()
features = np.load(f"data/features/{settings['runs'][name]['variant']}.npy")
weights = np.full(features.shape[1:], float(settings["runs"][name]["seed"]))
with Path(os.environ.get("TRAININGS", os.devnull)).open("a") as log:
    log.write(f"{name} {os.getpid()}\\n")
epochs = settings["train"]["epochs"]
for epoch in range(1, epochs + 1):
    time.sleep(float(os.environ.get("EPOCH_SECONDS", "0")))
    weights = weights + features.mean(axis=0) / 255
    print(f"epoch {epoch} of {epochs}: loss 1", flush=True)
folder = Path(f"data/runs/{name}")
folder.mkdir(parents=True, exist_ok=True)
np.savez(folder / "weights.npz", weights=weights)
common.write(folder / "history.csv", f"epoch,loss\\n1,{weights.sum()}\\n")
"""

REPORT = """\
import json
from pathlib import Path

from fer_transfer import common

found = sorted(Path("metrics/test").glob("*.json"))
common.write_json("plots/report.json", {one.stem: json.loads(one.read_text()) for one in found})
"""

PIPELINE = (
    toys.PIPELINE.replace(
        "  train:\n",
        """\
  features:
    foreach: ${variants}
    do:
      cmd: python -m stages.features ${key}
      deps: [stages/features.py, fer_transfer, data/faces/images.npy]
      params: ["variants.${key}"]
      outs:
        - data/features/${key}.npy: {push: false}
        - metrics/features/${key}.json: {cache: false}
  train:
""",
    )
    .replace(
        "deps: [stages/train.py, fer_transfer, data/faces/images.npy]",
        'deps: [stages/train.py, fer_transfer, "data/features/${item.variant}.npy"]',
    )
    .replace("metrics/test/a.json]", "metrics/test]")
    .replace("report.txt", "report.json")
)
SETTINGS = """\
data: {source: source.csv, hash: ""}
train: {epochs: 3, learning_rate: 0.1}
tables: {windows: [[1, 6]]}
variants: {a: {backbone: openface}, b: {backbone: vggface}}
runs:
  a: {variant: a, seed: 42}
  a-43: {variant: a, seed: 43}
  b: {variant: b, seed: 42}
"""
FILES = {
    "dvc.yaml": PIPELINE,
    "params.yaml": SETTINGS,
    "stages/features.py": FEATURES,
    "stages/train.py": TRAIN,
    "stages/report.py": REPORT,
    ".dvcignore": "__pycache__\n.fleet\n",
    ".gitignore": toys.FILES[".gitignore"] + "/.fleet\n/.venv\n",
}
RESULTS = ("dvc.lock", "metrics/**/*", "plots/**/*")
RUNS = ("a", "a-43", "b")


def make(folder: Path, remote: str) -> None:
    """Make a Git repository of the toy study, that has not run, with the code of the fleet."""
    for name, text in {**toys.FILES, **FILES}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in ("tools", "fer_transfer"):
        ignored = shutil.ignore_patterns("__pycache__")
        source = projects.ROOT / name
        shutil.copytree(source, folder / name, ignore=ignored, dirs_exist_ok=True)
    shutil.copyfile(projects.ROOT / "requirements.lock", folder / "requirements.lock")
    source = folder.parent / "source.csv"
    toys.write_source(source, seed=0)
    set_text(folder, "params.yaml", "source.csv", str(source))
    (folder / ".dvc/config").write_text(
        f"[core]\n    remote = team\n['remote \"team\"']\n    url = {remote}\n"
    )
    projects.git(folder, "init", "-q", "-b", "main")
    projects.commit(folder, "The study")


def set_text(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def clone(origin: Path, target: Path) -> Path:
    projects.git(target.parent, "clone", "-q", str(origin), str(target))
    return target


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
        with (self.folder / log).open("wb") as output:
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
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        options = [
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
        ]
        command = ("distributed.cli.dask_scheduler", *options, str(file))
        process = self.start(folder, *command, log="scheduler.log", **extra)
        self.address = json.loads(self.wait(file.read_text))["address"]
        return process

    def worker(self, folder: Path, **extra: str) -> subprocess.Popen[bytes]:
        command = (
            "tools.fleet.worker",
            "--scheduler",
            self.address,
            "--host",
            "127.0.0.1",
        )
        log = f"{folder.name}.log"
        process = self.start(folder, *command, "--name", folder.name, log=log, **extra)
        self.wait_log(log, "Registered to")
        return process

    def client(self, folder: Path, *more: str, **extra: str) -> subprocess.Popen[bytes]:
        command = ("tools.fleet", "--scheduler", self.address, *more)
        return self.start(folder, *command, log=f"{folder.name}.log", **extra)

    def run(self, folder: Path, *more: str, expected: int = 0, **extra: str) -> str:
        """Run a client to its end; return what it said."""
        process = self.client(folder, *more, **extra)
        code = process.wait(timeout=120)
        said = self.log(f"{folder.name}.log")
        assert code == expected, said
        assert "Traceback" not in said
        return said

    def log(self, name: str) -> str:
        return (self.folder / name).read_text(errors="replace")

    def wait_log(self, name: str, pattern: str, seconds: float = 60) -> str:
        def found() -> str:
            match = re.search(pattern, self.log(name))
            if not match:
                raise ValueError(self.log(name))
            return match[0]

        return self.wait(found, seconds)

    def wait(self, found, seconds: float = 60):
        """Ask until there is an answer."""
        end = time.monotonic() + seconds
        while True:
            try:
                return found()
            except (OSError, ValueError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def kill(
        self, process: subprocess.Popen[bytes], number: int = signal.SIGKILL
    ) -> None:
        os.killpg(process.pid, number)


@contextlib.contextmanager
def fleet(env: dict[str, str], folder: Path) -> Iterator[Fleet]:
    started = Fleet(env, folder)
    try:
        yield started
    finally:
        for process in reversed(started.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


def pids(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the process that computes for a worker, which its nanny has started."""
    children = psutil.Process(process.pid).children()
    return [one.pid for one in children if "spawn_main" in " ".join(one.cmdline())]
