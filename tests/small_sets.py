"""Small sets of faces and splits of them, as `prepare` and `split` write them."""

from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS


def write_faces(labels, images=None, *, classes=EMOTIONS, votes=None, **columns):
    """Write faces with these label codes into the current folder; each its own image."""
    if images is None:
        images = np.zeros((len(labels), 48, 48), np.uint8)
        images[:, 0, :2] = np.stack(
            [np.arange(len(labels)) // 256, np.arange(len(labels)) % 256], 1
        )
    table = pd.DataFrame("", index=range(len(labels)), columns=faces.COLUMNS)
    table["label"] = np.array(classes)[labels]
    for name, values in columns.items():
        table[name] = values
    known = faces.Faces("synthetic", tuple(classes), table, votes)
    faces.write(known, images)
    return known


def write_split(name="random", **arrays):
    """Write a split into the current folder; without duplicates and examples unless given."""
    defaults = {
        "test_has_duplicate": np.zeros(len(arrays["test"]), bool),
        "examples": arrays["test"][:0],
    }
    files.write_npz(Path(f"data/splits/{name}.npz"), defaults | arrays)
