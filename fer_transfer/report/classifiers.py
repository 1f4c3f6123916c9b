"""The page's section on classifiers: what `assess` wrote, and the faces that it rests on."""

from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.settings.searches import TITLES

FACES_SHOWN = 8  # training faces of each class


def section() -> dict[str, Any]:
    """Return what the template `classifiers.html` shows; no splits where nothing was searched."""
    assessed = files.read_json(Path("metrics/assess.json"))
    return {
        "titles": TITLES,
        "backbones": BACKBONES,
        "splits": {name: _show(name, result) for name, result in assessed.items()},
    }


def _show(split: str, result: dict[str, Any]) -> dict[str, Any]:
    """Add to the results of a split its counts, its leakage and examples of its classes."""
    train = files.read_npz(Path(f"data/splits/{split}.npz"))["train"]
    known, images = faces.read(), faces.read_images()
    labels = known.labels[train]
    return {
        **result,
        "sets": files.read_json(Path(f"metrics/split/{split}.json")),
        "examples": {
            name: np.array(images[train[labels == code][:FACES_SHOWN]])
            for code, name in enumerate(known.classes)
        },
    }
