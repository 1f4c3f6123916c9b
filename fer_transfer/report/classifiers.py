"""The page's section on classifiers: what `assess` wrote, and the faces that it rests on."""

from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.core import files
from fer_transfer.report.shown import pick_faces
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.inputs import Data
from fer_transfer.settings.searches import TITLES


def section(data: Data, images: np.ndarray) -> dict[str, Any]:
    """Return what the template `classifiers.html` shows; no splits where nothing was searched."""
    assessed = files.read_json(Path("metrics/assess.json"))
    for split, result in assessed.items():
        train = files.read_npz(Path(f"data/splits/{split}.npz"))["train"]
        picked = pick_faces(data.labels[train], data.classes)
        result["sets"] = files.read_json(Path(f"metrics/split/{split}.json"))
        result["examples"] = {
            name: images[train[rows]] for name, rows in picked.items()
        }
    return {"titles": TITLES, "backbones": BACKBONES, "splits": assessed}
