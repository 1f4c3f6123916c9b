"""The pass of a variant's frozen part over images: what opens it, and what stores its output."""

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.console.progress import Progress
from fer_transfer.core.ahead import in_order
from fer_transfer.core.state import state_key
from fer_transfer.extraction.feature_stats import Measurement, summarize
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import building, precision, runtime, split_model
from fer_transfer.networks.inference import Engine, open_engine
from fer_transfer.settings.settings import Settings, Variant

logger = logging.getLogger(__name__)


def extract(
    name: str, settings: Settings, pixels: np.ndarray, folder: Path
) -> tuple[split_model.Network, dict[str, Any]]:
    """Store what a variant's frozen part gives of images; go on with a pass that was killed.

    Args:
        name: Of the variant.
        settings: All of params.yaml.
        pixels: The images, (N, 48, 48) uint8.
        folder: Where the features go once they are complete.

    Returns:
        The variant's network; what computed the features, and their summary.
    """
    runtime.check_versions()
    variant, weights = settings.variants[name], Path(f"data/weights/{name}.h5")
    computed_in = set_precision(variant, settings.compute.precision)
    network = split_model.build(variant, weights)
    engine = open_engine(network.frozen, computed_in)
    by = {"engine": engine.name, "precision": computed_in}
    logger.info(
        "Running %s's frozen part over %d images, by %s in %s.",
        name,
        len(pixels),
        engine.name,
        computed_in,
    )
    images = hashlib.sha256(pixels.tobytes()).hexdigest()
    key = state_key({**variant, **by, "images": images}, [weights, runtime.VERSIONS])
    features = Store(folder.with_name(f".{folder.name}.part"), len(pixels), key)
    measured = store(features, engine, pixels, settings.features.batch_size)
    summary = summarize(name, measured)
    features.finish(folder)
    return network, by | precision.device() | summary


def set_precision(variant: Variant, default: str) -> str:
    """Compute in bfloat16 only where that is wanted and faster; return what is computed in."""
    chosen = "float32"
    if building.spec_of(variant.backbone).bfloat16_is_faster:
        chosen = precision.resolve_precision(variant.precision or default)
    precision.set_precision(chosen)
    return chosen


def store(
    features: Store, engine: Engine, pixels: np.ndarray, batch_size: int
) -> list[Measurement]:
    """Store the features of the images that have none yet; measure those of all.

    Args:
        features: Where they go; it may hold what a pass that was killed has computed.
        engine: The frozen part.
        pixels: The images, (N, 48, 48) uint8.
        batch_size: Images at once.
    """
    measured = _measure(features, batch_size)
    with Progress(len(pixels), "image", features.num_done) as progress:
        for batch in compute(engine, pixels, batch_size, features.num_done):
            measured = measured or [Measurement() for _ in batch]
            for measurement, tensor in zip(measured, batch, strict=True):
                measurement.add(tensor)
            features.add(batch)
            progress.update(len(batch[0]))
    return measured


def compute(
    engine: Engine, pixels: np.ndarray, batch_size: int, first: int = 0
) -> Iterator[list[np.ndarray]]:
    """Yield each batch's features, a list of (batch, ...) arrays, and compute the next."""
    starts = range(first, len(pixels), batch_size)
    batches = (pixels[start : start + batch_size] for start in starts)
    return in_order(engine.compute, batches, ahead=1)


def _measure(features: Store, batch_size: int) -> list[Measurement]:
    """Measure what an earlier, killed pass has stored."""
    measured = [Measurement() for _ in features.arrays]
    for first in range(0, features.num_done, batch_size):
        rows = slice(first, min(first + batch_size, features.num_done))
        for measurement, array in zip(measured, features.arrays, strict=True):
            measurement.add(array[rows])
    return measured
