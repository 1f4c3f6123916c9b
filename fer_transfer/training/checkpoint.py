"""A training run's state after an epoch, so that a run that was killed goes on from there.

It lives outside DVC's outputs, which DVC removes before a stage runs, in a folder named by
the state key of everything the run depends on: no other run's state can be picked up.
"""

import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.training.average import WeightAverage
from fer_transfer.training.best import BestEpoch

logger = logging.getLogger(__name__)


class Checkpoint:
    """The last finished epoch of one run: history, weights, average, best epoch, optimizer."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "epoch.npz"

    def save(
        self,
        model: keras.Model,
        history: pd.DataFrame,
        average: WeightAverage | None = None,
        best: BestEpoch | None = None,
    ) -> None:
        """Keep the state; the file before it is replaced only when this one is whole.

        NumPy takes each variable's values as it writes them, so that one copy is in memory
        at a time: of VGG-Face all are 1.4 GB.
        """
        state = {f"model_{n}": weight for n, weight in enumerate(model.weights)}
        state |= {
            f"optimizer_{n}": weight
            for n, weight in enumerate(model.optimizer.variables())
        }
        if average:
            state |= {f"average_{n}": value for n, value in enumerate(average.values)}
        if best:
            state |= {f"best_{n}": value for n, value in enumerate(best.values)}
            state |= {"epoch": np.array(best.epoch)}
        state |= {f"history_{name}": history[name].to_numpy() for name in history}
        files.write_npz(self.path, state)

    def restore(
        self,
        model: keras.Model,
        average: WeightAverage | None = None,
        best: BestEpoch | None = None,
    ) -> pd.DataFrame:
        """Put the kept state into the model; return its history, empty if there is none."""
        if not self.path.exists():
            return pd.DataFrame()
        try:
            state = files.read_npz(self.path)
        except InputError as error:
            logger.warning("%s Training starts from the beginning.", error)
            return pd.DataFrame()
        # The optimizer has no variables before its first step; this one moves nothing.
        model.optimizer.apply_gradients(
            [(tf.zeros_like(weight), weight) for weight in model.trainable_weights]
        )
        model.optimizer.set_weights(list(_part(state, "optimizer_").values()))
        model.set_weights(list(_part(state, "model_").values()))
        if average:
            kept = _part(state, "average_").values()
            for value, one in zip(average.values, kept, strict=True):
                value.assign(one)
        history = pd.DataFrame(_part(state, "history_"))
        if best:
            best.epoch, best.values = (
                int(state["epoch"]),
                list(_part(state, "best_").values()),
            )
            best.accuracy = history["val_accuracy"][best.epoch - 1]
        return history

    def remove(self) -> None:
        """Forget the run: it has finished."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def _part(state: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return what stands under a prefix, in the order in which it was kept."""
    return {
        key.removeprefix(prefix): value
        for key, value in state.items()
        if key.startswith(prefix)
    }
