"""A training run's state after an epoch, so that a run that was killed goes on from there.

It lives outside DVC's outputs, which DVC removes before a stage runs, in a folder named by
the state key of everything the run depends on: no other run's state can be picked up.
"""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.networks.runtime import tf
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.training.average import assign
from fer_transfer.training.loop import Loop

logger = logging.getLogger(__name__)


class Checkpoint:
    """The last finished epoch of one run: history, weights, average, optimizer, best weights."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "epoch.npz"

    def save(
        self, loop: Loop, history: pd.DataFrame, best: Sequence[np.ndarray] = ()
    ) -> None:
        """Keep the state; the file before it is replaced only when this one is whole.

        NumPy takes each variable's values as it writes them, so that one copy is in memory
        at a time: of VGG-Face all are 1.4 GB.
        """
        groups = {**_variables(loop), "best": best}
        state = {
            f"{group}_{number}": value
            for group, values in groups.items()
            for number, value in enumerate(values)
        }
        state |= {f"history_{name}": history[name].to_numpy() for name in history}
        files.write_npz(self.path, state)

    def restore(self, loop: Loop) -> tuple[pd.DataFrame, list[np.ndarray]]:
        """Put the kept state into the model; return its history and the best weights.

        Both are empty if there is no state.
        """
        if not self.path.exists():
            return pd.DataFrame(), []
        try:
            state = files.read_npz(self.path)
        except InputError as error:
            logger.warning("%s Training starts from the beginning.", error)
            return pd.DataFrame(), []
        # The optimizer has no variables before its first step; this one moves nothing.
        loop.model.optimizer.apply_gradients(
            [(tf.zeros_like(weight), weight) for weight in loop.model.trainable_weights]
        )
        for group, variables in _variables(loop).items():
            assign(variables, _group(state, group).values())
        best = list(_group(state, "best").values())
        return pd.DataFrame(_group(state, "history")), best

    def remove(self) -> None:
        """Forget the run: it has finished."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def _variables(loop: Loop) -> dict[str, list[tf.Variable]]:
    return {
        "model": loop.model.weights,
        "optimizer": loop.model.optimizer.variables(),
        "average": loop.average.values if loop.average else [],
    }


def _group(state: dict[str, np.ndarray], group: str) -> dict[str, np.ndarray]:
    """Return the arrays of a group, in the order in which they were kept."""
    prefix = f"{group}_"
    return {
        key.removeprefix(prefix): value
        for key, value in state.items()
        if key.startswith(prefix)
    }
