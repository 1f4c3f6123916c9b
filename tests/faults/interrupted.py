"""A study cut in two: what stands before training, and the whole, undisturbed.

`pytest tests/faults` tries each once, on the part from training on; `make test-faults` sets
FAULT_ROUNDS and tries it that many times, on everything.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import projects

VARIANT = "openface-random"
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
LONG = ROUNDS > 1
TARGET = () if LONG else (f"evaluate@{VARIANT}",)


@dataclass
class Study:
    """Where copies of the study are made, and what they must become."""

    start: Path  # where faults begin
    whole: Path
    env: dict[str, str]
    seconds: float  # from start to whole
    expected: dict[str, bytes]

    def copy(self, source: Path, target: Path) -> Path:
        return shutil.copytree(source, target / "project", symlinks=True)

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
    return projects.YAML_12.load(folder / "dvc.lock")
