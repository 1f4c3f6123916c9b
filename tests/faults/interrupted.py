"""A study cut in two: what stands before training, and the whole, undisturbed.

`make test-slow` tries a few faults, on the part from training on; `python -m pytest -m "" tests/faults`
tries each once there. `make test-faults` sets FAULT_ROUNDS and tries what is random that many
times, on everything.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import commands
import projects
import settings_files

VARIANT = "openface-random"
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
LONG = ROUNDS > 1
TARGET = () if LONG else (f"evaluate@{VARIANT}",)
LATER = (f"train@{VARIANT}", f"evaluate@{VARIANT}")
STAGES = (
    *("download", "prepare", "split@random"),
    *(f"weights@{VARIANT}", f"features@{VARIANT}", *LATER),
    *("tabulate", "plot", "report"),
)


@dataclass
class Study:
    """Where copies of the study are made, and what they must become."""

    start: Path  # where faults begin
    whole: Path
    env: dict[str, str]
    expected: dict[str, bytes]

    def copy(self, source: Path, target: Path, *, linked: bool = True) -> Path:
        """Copy a project; `linked`: what is one file there and in DVC's cache stays one."""
        how = "--archive" if linked else "--recursive"
        commands.run("cp", how, source, target / "project")
        return target / "project"

    def verify(self, folder: Path) -> None:
        commands.python("-m", "tools.verify", folder=folder, env=self.env)

    def check_refused(self, folder: Path) -> None:
        """Hold `dvc repro` to the error of an unreadable list of running stages."""
        done = projects.dvc(folder, self.env, "repro", *TARGET, expected=255)
        assert "Unable to read RWLock-file '.dvc/tmp/rwlock'" in done.stderr

    def check_repaired(self, folder: Path) -> str:
        """Hold a plain `dvc repro` to the undisturbed end; return what it said."""
        output = projects.dvc(folder, self.env, "repro", *TARGET)
        assert state(folder) == self.expected
        assert lock(folder) == lock(self.whole)
        assert not projects.contents(folder, ".ckpt/**/*")
        return output.stdout + output.stderr


def state(folder: Path) -> dict[str, bytes]:
    """Return every file that stages made, hidden ones and leftovers too."""
    return projects.contents(folder, "data/**/*", "metrics/**/*", "plots/**/*")


def lock(folder: Path) -> object:
    return settings_files.YAML_12.load(folder / "dvc.lock")
