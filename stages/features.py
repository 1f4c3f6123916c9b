"""Run one variant's frozen part once over every image.

Reads   data/faces/images.npy            (N, 48, 48) uint8
        data/weights/<variant>.h5        what the backbone starts from
Params  features, compute; of the variant: backbone, trainable_layers, size,
        scaling, batch_statistics, precision
Writes  data/features/<variant>/0.npy..  the tensors at the split point, (N, ...) each, in
                                         the order of images.npy; memory-mapped
        metrics/features/<variant>.json  what is stored: size, range, spread, zeros; and
                                         what computed it
Source  docs/choices.md: why frozen layers run once, in inference mode (C4)

It reads no split: every image passes once, whatever set it will be in. A pass that was
killed goes on from its last checkpoint, at most about a minute old.
"""

import logging
import sys
from pathlib import Path

import numpy as np

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data import faces
from fer_transfer.extraction import frozen_pass
from fer_transfer.extraction.feature_stats import summarize
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import precision, runtime
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)


def main(name: str) -> None:
    settings = load_settings()
    runtime.check_versions()
    variant = settings.variants[name]
    images, weights = faces.FOLDER / "images.npy", Path(f"data/weights/{name}.h5")
    pixels = np.array(faces.read_images())
    network, engine, in_precision = frozen_pass.open_variant(
        variant, settings.compute.precision, weights
    )
    logger.info(
        "Running %s's frozen part over %d images, by %s in %s.",
        name,
        len(pixels),
        engine.name,
        in_precision,
    )
    key = state_key(
        {**variant, "precision": in_precision, "engine": engine.name},
        [images, weights, runtime.VERSIONS],
    )
    features = Store(Path(f"data/features/.{name}.part"), len(pixels), key)
    measured = frozen_pass.store(features, engine, pixels, settings.features.batch_size)
    summary = summarize(name, measured)
    folder = Path(f"data/features/{name}")
    features.finish(folder)
    files.write_json(
        Path(f"metrics/features/{name}.json"),
        {
            "images": len(pixels),
            "bytes": sum(file.stat().st_size for file in folder.iterdir()),
            "engine": engine.name,
            "precision": in_precision,
            **precision.device(),
            **summary,
            "parameters": {
                "backbone": network.backbone.count_params(),
                "trainable": sum(
                    int(np.prod(weight.shape))
                    for weight in network.whole.trainable_weights
                ),
            },
        },
    )


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
