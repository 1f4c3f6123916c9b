"""The pass of a variant's frozen part over images: what opens it, and what stores its output."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from fer_transfer.console.progress import Progress
from fer_transfer.extraction.feature_stats import Measurement
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import building, precision, split_model
from fer_transfer.networks.inference import Engine, open_engine
from fer_transfer.settings.settings import Variant


class Images(Protocol):
    """Images (N, 48, 48) uint8, made or read as they are sliced."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class FrozenPart(NamedTuple):
    """A variant's frozen part, ready to compute."""

    network: split_model.Network
    engine: Engine
    precision: str


def open_variant(variant: Variant, default_precision: str, weights: Path) -> FrozenPart:
    """Open a variant's frozen part, in bfloat16 only where that is wanted and faster."""
    chosen = "float32"
    if building.spec_of(variant.backbone).bfloat16_is_faster:
        chosen = precision.resolve_precision(variant.precision or default_precision)
    precision.set_precision(chosen)
    network = split_model.of_variant(variant, weights)
    return FrozenPart(network, open_engine(network.frozen, chosen), chosen)


def store(
    features: Store, engine: Engine, pixels: Images, batch_size: int
) -> list[Measurement]:
    """Store the features of the images that have none yet; measure those of all.

    Args:
        features: Where they go; it may hold what a pass that was killed has computed.
        engine: The frozen part.
        pixels: The images.
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
    engine: Engine, pixels: Images, batch_size: int, first: int = 0
) -> Iterator[list[np.ndarray]]:
    """Yield each batch's features, a list of (batch, ...) arrays, and compute the next."""
    starts = range(first, len(pixels), batch_size)
    with ThreadPoolExecutor(1) as ahead:

        def submit(start: int) -> Future[list[np.ndarray]]:
            return ahead.submit(
                lambda: engine.compute(pixels[start : start + batch_size])
            )

        following = [submit(start) for start in starts[:1]]
        for start in starts:
            features = following.pop().result()
            if start + batch_size < len(pixels):
                following.append(submit(start + batch_size))
            yield features


def _measure(features: Store, batch_size: int) -> list[Measurement]:
    """Measure what an earlier, killed pass has stored."""
    measured = [Measurement() for _ in features.arrays]
    for first in range(0, features.num_done, batch_size):
        rows = slice(first, min(first + batch_size, features.num_done))
        for measurement, array in zip(measured, features.arrays, strict=True):
            measurement.add(array[rows])
    return measured
