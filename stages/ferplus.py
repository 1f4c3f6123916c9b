"""Fetch FER+, the votes of ten people on each image of FER2013, if `data.ferplus` is true.

Reads   data/labels.npz   labels, usages, rows (N,)
Params  data.ferplus
Writes  data/ferplus.npz  of each image, in the order of labels.npz: labels (N,) int8, the
                          emotion that most people see, -1 where there is no majority for
                          one of the seven; votes (N, 10) uint8, one column for each of
                          ferplus.NAMES. Both without rows if `data.ferplus` is false
Source  Barsoum et al. 2016; fer_transfer/data/ferplus.py has the address, the hash, the rule
"""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import ferplus
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)

OUTPUT = Path("data/ferplus.npz")


class Labels(NamedTuple):
    """The arrays of data/labels.npz."""

    labels: np.ndarray
    usages: np.ndarray
    rows: np.ndarray


def main() -> None:
    settings = load_settings()
    votes = np.zeros((0, len(ferplus.NAMES)), dtype=np.uint8)
    if settings.data.ferplus:
        known = files.read_npz(Path("data/labels.npz"))
        images = Labels(*(known[name] for name in Labels._fields))
        counts = ferplus.votes_on(images, OUTPUT.parent)
        votes = counts.to_numpy(dtype=np.uint8)
    labels = ferplus.majority(votes) if len(votes) else np.zeros(0, dtype=np.int8)
    files.write_npz(OUTPUT, {"labels": labels, "votes": votes})
    if len(votes):
        logger.info(
            "Most people see one of the seven emotions in %d of %d images.",
            *((labels != ferplus.NO_MAJORITY).sum(), len(labels)),
        )


if __name__ == "__main__":
    command.run(main)
