"""The predictions for the seven example images of Figures 11-17, as `evaluate` writes them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from stages.lib.core import files
from stages.lib.core.errors import InputError


def read_examples(
    folder: Path, runs: Iterable[str], rows: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Read each run's probabilities (7, 7) of the example images in these rows.

    Raises:
        InputError: If a run's are of other images, because it belongs to another split.
    """
    found = {}
    for run in runs:
        path = folder / f"{run}.csv"
        table = files.read_csv(path)
        if table["row"].tolist() != rows.tolist():
            raise InputError(
                f"{path} belongs to another split: expected the images {rows.tolist()}, got "
                f"{table['row'].tolist()}. Run `dvc repro evaluate@{run}`."
            )
        found[run] = table
    return found
