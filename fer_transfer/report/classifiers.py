"""The page's section on classifiers: what `assess` wrote, and the faces that it rests on."""

from pathlib import Path
from typing import Any

from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.report.shown import pick_faces
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.settings.searches import TITLES


def section() -> dict[str, Any]:
    """Return what the template `classifiers.html` shows; no splits where nothing was searched."""
    assessed = files.read_json(Path("metrics/assess.json"))
    known, images = faces.read(), faces.read_images()
    for split, result in assessed.items():
        train = files.read_npz(Path(f"data/splits/{split}.npz"))["train"]
        picked = pick_faces(known.labels[train], known.classes)
        result["sets"] = files.read_json(Path(f"metrics/split/{split}.json"))
        result["examples"] = {
            name: images[train[rows]] for name, rows in picked.items()
        }
    return {"titles": TITLES, "backbones": BACKBONES, "splits": assessed}
