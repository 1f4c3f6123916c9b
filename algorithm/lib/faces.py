"""The faces that the stages share: what `faces` has written."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.lib.core import files

FOLDER = Path("data/algorithm")


class Faces(NamedTuple):
    """Every face, in one order."""

    images: np.ndarray  # (F, 48, 48) uint8, grey
    labels: np.ndarray  # (F,) uint8: positions in `classes`
    classes: list[str]
    table: pd.DataFrame  # a row a face: photo, group (person), part, ... as text


def read(folder: Path = FOLDER) -> Faces:
    """Read the faces; what a table does not say is an empty text."""
    arrays = files.read_npz(folder / "faces.npz")
    table = pd.read_csv(folder / "faces.csv", dtype=str, keep_default_na=False)
    classes = files.read_json(folder / "classes.json")
    return Faces(arrays["images"], arrays["labels"], classes, table)


def count(labels: np.ndarray, classes: list[str]) -> dict[str, int]:
    """Count the faces, in all and of each class."""
    numbers = np.bincount(labels, minlength=len(classes)).tolist()
    return {"total": len(labels), **dict(zip(classes, numbers, strict=True))}
