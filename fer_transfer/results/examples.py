"""The predictions for the seven example images of Figures 11-17, as `evaluate` writes them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.core import files


def read_examples(
    folder: Path, runs: Mapping[str, str], rows: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Read the probabilities (7, 7) of the example images in these rows, by variant.

    `runs` names a run of each variant.

    Raises:
        InputError: If a run's are of other images, because it belongs to another split.
    """
    found = {}
    for variant, run in runs.items():
        path = folder / f"{run}.csv"
        table = files.read_csv(path)
        if table["row"].tolist() != rows.tolist():
            raise InputError(
                f"{path} belongs to another split: expected the images {rows.tolist()}, got "
                f"{table['row'].tolist()}. Run `dvc repro evaluate@{run}`."
            )
        found[variant] = table
    return found
