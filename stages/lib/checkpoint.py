"""A training run's state after an epoch, so that a run that was killed goes on from there.

It lives outside DVC's outputs, which DVC removes before a stage runs, in a folder named by
a fingerprint of everything the run depends on: no other run's state can be picked up.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import tf_keras as keras

from stages.lib import files


def fingerprint(settings: dict[str, Any], paths: Iterable[Path]) -> str:
    """Return a hash of the settings and of the files' contents."""
    hashes = {str(path): files.digest(path, "sha256") for path in sorted(paths)}
    text = json.dumps([settings, hashes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Checkpoint:
    """The last finished epoch of one run: history, weights and the optimizer's state."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "epoch.npz"

    def save(self, model: keras.Model, history: pd.DataFrame) -> None:
        """Keep the state; the file before it is replaced only when this one is whole."""
        state = {
            f"variable_{n}": value.numpy() for n, value in enumerate(_variables(model))
        }
        state |= {f"history_{name}": history[name].to_numpy() for name in history}
        files.write_npz(self.path, state)

    def restore(self, model: keras.Model) -> pd.DataFrame:
        """Put the kept state into the model; return its history, empty if there is none."""
        if not self.path.exists():
            return pd.DataFrame()
        state = files.read_npz(self.path)
        model.optimizer.build(model.trainable_variables)
        for number, variable in enumerate(_variables(model)):
            variable.assign(state[f"variable_{number}"])
        prefix = "history_"
        columns = {key: value for key, value in state.items() if key.startswith(prefix)}
        return pd.DataFrame(
            {key.removeprefix(prefix): value for key, value in columns.items()}
        )

    def remove(self) -> None:
        """Forget the run: it has finished."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def _variables(model: keras.Model) -> list[Any]:
    return [*model.variables, *model.optimizer.variables]
