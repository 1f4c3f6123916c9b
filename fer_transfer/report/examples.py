"""Faces of each class, and what the networks predict for an example of each."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fer_transfer.data import faces
from fer_transfer.results import inputs, paper

FACES_SEED = 42  # picks the images of the data set that are shown
FACES_SHOWN = 6  # of each class


def show_faces(data: inputs.Data, runs: Mapping[str, str]) -> dict[str, Any]:
    """Return faces of each class, and the networks' predictions for an example of each."""
    images = faces.read_images()
    rows = data.splits[data.paper_split].examples
    predictions = inputs.read_examples(runs, rows)
    random = np.random.default_rng(FACES_SEED)
    examples, counts = [], []
    for code, name in enumerate(data.classes):
        places = np.flatnonzero(data.labels == code)
        chosen = random.choice(places, min(FACES_SHOWN, len(places)), replace=False)
        counts.append(
            {
                "class": name,
                "ours": len(places),
                "paper": paper.CLASS_COUNTS.get(name),
                "faces": [images[place] for place in chosen],
            }
        )
        examples.append(
            {
                "class": name,
                "face": images[rows[code]],
                "predictions": {
                    group: one.loc[code, list(data.classes)].to_dict()
                    for group, one in predictions.items()
                },
            }
        )
    return {"examples": examples, "counts": counts}
