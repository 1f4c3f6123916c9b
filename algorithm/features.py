"""Run one frozen backbone over every face, and over the views of the training faces.

Reads   data/algorithm/faces.npz                images (F, 48, 48) uint8
        data/algorithm/views.npz                V views of training faces
Params  features.weights, features.batch_size
Writes  data/algorithm/features/<backbone>      0.npy: pooled vectors (F + V, channels) float32,
                                                the faces in their order, then the views
        data/algorithm/weights/<backbone>.h5    the backbone's weights
        metrics/algorithm/features/<backbone>.json  what is stored, and what computed it
Source  the paper, section 6: a pretrained backbone, frozen as a whole

It is the study's own pass: a pass that was killed goes on, and without views the vectors of
FER2013 are those of the study's variants with `trainable_layers: 0`.
"""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.networks.runtime import keras
from algorithm.lib import augment, faces
from algorithm.lib.settings import load_settings
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.features.feature_stats import summarize
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import runtime, split_model
from fer_transfer.networks.inference import open_engine
from fer_transfer.settings.settings import Synthetic
from stages.features import store
from stages.weights import official_weights, stand_in_weights

logger = logging.getLogger(__name__)


def starting_weights(backbone: str, weights: str) -> tuple[keras.Model, dict[str, Any]]:
    """Build a backbone with its official weights or stand-ins; return where they come from."""
    if weights == "official":
        model, origin = official_weights(backbone)
        return model, origin._asdict()
    logger.info("Training stand-in weights for %s on synthetic faces.", backbone)
    return stand_in_weights(backbone, Synthetic()), {"source": "stand-in"}


def main(backbone: str) -> None:
    settings = load_settings().features
    runtime.check_versions()
    model, origin = starting_weights(backbone, settings.weights)
    weights = Path(f"data/algorithm/weights/{backbone}.h5")
    with files.atomic_write(weights) as part:
        model.save_weights(part, save_format="h5")
    plan = files.read_npz(Path("data/algorithm/views.npz"))
    images = faces.read().images
    pixels = np.concatenate([images, augment.render(images, plan)])
    engine = open_engine(split_model.build(backbone, 0, weights).frozen, "float32")
    logger.info(
        "Running %s over %d faces and %d views, by %s.",
        backbone,
        len(images),
        len(pixels) - len(images),
        engine.name,
    )
    inputs = [Path(f"data/algorithm/{name}.npz") for name in ("faces", "views")]
    key = state_key({"engine": engine.name}, [*inputs, weights, runtime.VERSIONS])
    folder = Path(f"data/algorithm/features/{backbone}")
    vectors = Store(folder.with_name(f".{backbone}.part"), len(pixels), key)
    measured = store(vectors, engine, pixels, settings.batch_size)
    summary = summarize(backbone, measured)
    vectors.finish(folder)
    files.write_json(
        Path(f"metrics/algorithm/features/{backbone}.json"),
        {"vectors": len(pixels), "engine": engine.name, "weights": origin, **summary},
    )


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
