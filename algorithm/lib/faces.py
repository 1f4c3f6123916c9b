"""The faces that the stages share: what `faces` has written."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from algorithm.lib import tables
from fer_transfer.core import files

FOLDER = Path("data/algorithm")


class Faces(NamedTuple):
    """Every face, in one order."""

    images: np.ndarray  # (F, 48, 48) uint8, grey
    labels: np.ndarray  # (F,) uint8: positions in `classes`
    classes: list[str]
    photos: np.ndarray  # (F,) str: the photo that each was found in
    people: np.ndarray  # (F,) str: empty where it is not known
    parts: np.ndarray  # (F,) str: train, val, test; empty where the data do not say


def read(folder: Path = FOLDER) -> Faces:
    """Read the faces."""
    arrays = files.read_npz(folder / "faces.npz")
    classes = files.read_json(folder / "classes.json")
    rows = list(tables.read_rows(folder / "faces.csv"))
    columns = (
        np.array([row[key] for row in rows]) for key in ("photo", "group", "part")
    )
    return Faces(arrays["images"], arrays["labels"], classes, *columns)


def count(labels: np.ndarray, classes: list[str]) -> dict[str, int]:
    """Count the faces, in all and of each class."""
    numbers = np.bincount(labels, minlength=len(classes)).tolist()
    return {"total": len(labels), **dict(zip(classes, numbers, strict=True))}
