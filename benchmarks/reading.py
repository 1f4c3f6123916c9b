"""Does training wait for features on disk? An epoch from files against one from memory."""

import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from fer_transfer.networks.runtime import keras
from benchmarks import subjects
from benchmarks.tail import BATCH_SIZE, our_tail, steps
from benchmarks.timing import Row, medians
from fer_transfer.features.feature_store import Store, open_features
from fer_transfer.training.batches import Batches
from fer_transfer.training.loop import Loop

NUM_IMAGES = subjects.per_backbone(1024, mobilenet=2048, openface=8192, vggface=128)


def fill(folder: Path, tail: keras.Model, number: int) -> None:
    """Write features of the tail's shapes: noise, which no file system can compress."""
    features, random = Store(folder, number, ""), np.random.default_rng(42)
    for _ in range(number // BATCH_SIZE):
        shapes = [(BATCH_SIZE, *one.shape[1:]) for one in tail.inputs]
        features.add([random.random(shape, np.float32) for shape in shapes])
    features.checkpoint()


def forget(folder: Path) -> None:
    """Drop the files from the page cache, so that they must be read from disk."""
    for path in folder.glob("*.npy"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(backbone: str) -> tuple[Row, float]:
    """Return the row of an epoch in random order, none of whose features is in the page cache.

    And the share of the epoch spent waiting for the next batch.
    """
    tail, number = our_tail(backbone), NUM_IMAGES[backbone]
    order = np.random.default_rng(42).permutation(number)
    on_files, shares = Loop(tail), []
    Path("data").mkdir(exist_ok=True)  # on the disk of the study; /tmp may be memory
    with tempfile.TemporaryDirectory(dir="data") as name:
        folder = Path(name) / "features"
        fill(folder, tail, number)
        features, labels = open_features(folder), np.zeros(number, np.uint8)

        def from_disk() -> None:
            forget(folder)
            batches = Batches(features, labels, order, BATCH_SIZE)
            started = time.perf_counter()
            on_files.train(batches)
            shares.append(batches.waited / (time.perf_counter() - started))

        seconds = medians(
            {"disk": from_disk, "memory": steps(tail, number // BATCH_SIZE)}
        )
    what = f"epoch of {number} features from disk, {backbone}"
    row = Row(what, seconds["disk"], seconds["memory"], "features in memory")
    return row, statistics.median(shares)
