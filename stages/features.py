"""Run one variant's frozen part once over every image.

Reads   data/faces/images.npy            (N, 48, 48) uint8
        data/weights/<variant>.h5        what the backbone starts from
Params  features, compute; of the variant: backbone, trainable_layers, size, precision
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from fer_transfer.console import command
from fer_transfer.console.progress import Progress
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data import faces
from fer_transfer.features.feature_stats import Measurement, summarize
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import building, precision, runtime, split_model
from fer_transfer.networks.inference import Engine, open_engine
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)


def frozen_pass(
    engine: Engine, pixels: np.ndarray, batch_size: int
) -> Iterator[list[np.ndarray]]:
    """Yield each batch's features, a list of (batch, ...) arrays, and compute the next."""
    batches = [
        pixels[first : first + batch_size]
        for first in range(0, len(pixels), batch_size)
    ]
    with ThreadPoolExecutor(1) as ahead:
        following = [ahead.submit(engine.compute, batch) for batch in batches[:1]]
        for number in range(len(batches)):
            features = following.pop().result()
            if number + 1 < len(batches):
                following.append(ahead.submit(engine.compute, batches[number + 1]))
            yield features


def measure(features: Store, batch_size: int) -> list[Measurement]:
    """Measure what an earlier, killed pass has stored."""
    measured = [Measurement() for _ in features.arrays]
    for first in range(0, features.num_done, batch_size):
        rows = slice(first, min(first + batch_size, features.num_done))
        for measurement, array in zip(measured, features.arrays, strict=True):
            measurement.add(array[rows])
    return measured


def store(
    features: Store, engine: Engine, pixels: np.ndarray, batch_size: int
) -> list[Measurement]:
    """Store the features of the images that have none yet; measure those of all."""
    measured = measure(features, batch_size)
    with Progress(len(pixels), "image", features.num_done) as progress:
        for batch in frozen_pass(engine, pixels[features.num_done :], batch_size):
            measured = measured or [Measurement() for _ in batch]
            for measurement, tensor in zip(measured, batch, strict=True):
                measurement.add(tensor)
            features.add(batch)
            progress.update(len(batch[0]))
    return measured


def main(name: str) -> None:
    settings = load_settings()
    runtime.check_versions()
    variant = settings.variants[name]
    images, weights = faces.FOLDER / "images.npy", Path(f"data/weights/{name}.h5")
    pixels = np.array(faces.read_images())
    in_precision = "float32"
    if building.spec_of(variant.backbone).bfloat16_is_faster:
        in_precision = precision.resolve_precision(
            variant.precision or settings.compute.precision
        )
    precision.set_precision(in_precision)
    network = split_model.build(
        variant.backbone, variant.trainable_layers, weights, size=variant.size
    )
    engine = open_engine(network.frozen, in_precision)

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
    measured = store(features, engine, pixels, settings.features.batch_size)
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
