"""Features on disk: memory-mapped arrays, written and read a batch at a time.

Neither writing nor reading takes memory that grows with the number of images, and a pass
that was killed goes on from its last checkpoint.
"""

import mmap
import os
import shutil
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.core import files

CHECKPOINT_SECONDS = 60


class Store:
    """A folder of features in the making, filled from the first image to the last."""

    def __init__(self, folder: Path, num_images: int, key: str) -> None:
        """Go on with what is in the folder if it has the same key, else start anew.

        `num_done` images, from the first on, have their features here.
        """
        self.folder, self.num_images = folder, num_images
        self.key, self.num_done = key, 0
        self.arrays: list[np.memmap] = []
        self.saved_at = time.monotonic()
        kept = self._kept()
        if kept.get("key") == key:
            self.num_done = kept["images"]
            self.arrays = open_features(folder, "r+")
        else:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def _kept(self) -> dict[str, Any]:
        """Return the checkpoint if it is whole and so are the files that it speaks of.

        NumPy would make a file that was cut short as long as it should be, by zeros.
        """
        try:
            kept: dict[str, Any] = files.read_json(self.folder / "checkpoint.json")
        except (FileNotFoundError, InputError):
            return {}
        return kept if kept.get("bytes") == self._sizes() else {}

    def _sizes(self) -> dict[str, int]:
        return {path.name: path.stat().st_size for path in self.folder.glob("*.npy")}

    def add(self, features: list[np.ndarray]) -> None:
        """Append the features of the next n images, a list of (n, ...) arrays."""
        if not self.arrays:
            self.arrays = [
                self._create(self.folder / f"{number}.npy", batch)
                for number, batch in enumerate(features)
            ]
        end = self.num_done + len(features[0])
        for array, batch in zip(self.arrays, features, strict=True):
            array[self.num_done : end] = batch
            release(array)
        self.num_done = end
        if time.monotonic() - self.saved_at > CHECKPOINT_SECONDS:
            self.checkpoint()

    def _create(self, path: Path, batch: np.ndarray) -> np.memmap:
        shape = self.num_images, *batch.shape[1:]
        array = np.lib.format.open_memmap(path, "w+", batch.dtype, shape)
        with path.open("r+b") as file:
            # A disk that is too small says so here; a write into the map would kill us.
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array

    def checkpoint(self) -> None:
        """Make sure that what is done survives from here on."""
        for array in self.arrays:
            array.flush()
        files.write_json(
            self.folder / "checkpoint.json",
            {
                "key": self.key,
                "images": self.num_done,
                "bytes": self._sizes(),
            },
        )
        self.saved_at = time.monotonic()

    def finish(self, folder: Path) -> None:
        """Give the finished features their place, and that of earlier ones."""
        self.checkpoint()
        (self.folder / "checkpoint.json").unlink()
        # DVC removes it before it runs the stage, a user does not.
        shutil.rmtree(folder, ignore_errors=True)
        self.folder.replace(folder)


def open_features(folder: Path, mode: Literal["r", "r+"] = "r") -> list[np.memmap]:
    """Map features (N, ...) into memory, one array per tensor at the split point."""
    paths = sorted(folder.glob("*.npy"), key=lambda path: int(path.stem))
    return [np.load(path, mmap_mode=mode, allow_pickle=False) for path in paths]


def release(array: np.ndarray) -> None:
    """Let the system have the memory of a mapped array back; its values stay on disk."""
    if isinstance(array.base, mmap.mmap):
        array.base.madvise(mmap.MADV_DONTNEED)
