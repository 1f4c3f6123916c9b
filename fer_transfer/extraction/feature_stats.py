"""Statistics of features as they are stored, so that nothing underflows or overflows unnoticed."""

import logging
from typing import Any

import numpy as np

from fer_transfer.console.errors import InputError

logger = logging.getLogger(__name__)

# What is smaller than float32's step at 1 changes no quantity of size one it is added to:
# the head's logits, batch normalisation's epsilon.
FAINT = float(np.finfo(np.float32).eps)


class Measurement:
    """Range, spread and zeros of a tensor that is seen a batch at a time."""

    def __init__(self) -> None:
        self.low, self.high = np.inf, -np.inf
        self.num_values = self.num_zeros = self.num_subnormal = self.num_infinite = 0
        self.num_images = 0
        self.sum: Any = 0.0  # per position, over images, in float64
        self.sum_of_squares: Any = 0.0

    def add(self, batch: np.ndarray) -> None:
        """Add a batch (n, ...), one image at a time so that it fits the processor's cache."""
        tiny = np.finfo(batch.dtype).tiny if batch.dtype.kind == "f" else 1
        low, high = float(batch.min()), float(batch.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        if not np.isfinite([low, high]).all():  # they show if any value is not
            self.num_infinite += int(np.count_nonzero(~np.isfinite(batch)))
        self.num_values += batch.size
        self.num_images += len(batch)
        for image in batch:
            num_zeros = image.size - int(np.count_nonzero(image))
            num_tiny = int(np.count_nonzero(np.abs(image) < tiny))
            self.num_zeros += num_zeros
            self.num_subnormal += num_tiny - num_zeros
            values = image.astype(np.float64)
            self.sum += values
            self.sum_of_squares += np.square(values, out=values)

    def spread(self) -> float:
        """Return how much a value differs between images: its standard deviation's mean."""
        mean = self.sum / self.num_images
        variance = np.maximum(self.sum_of_squares / self.num_images - mean**2, 0)
        return float(np.sqrt(variance).mean())

    def as_dict(self) -> dict[str, Any]:
        """Return the measurement as it stands in the metrics."""
        return {
            "shape": list(np.shape(self.sum)),
            "min": self.low,
            "max": self.high,
            "mean": float(np.mean(self.sum) / self.num_images),
            "spread": self.spread(),
            "zeros": self.num_zeros / self.num_values,
            "subnormal": self.num_subnormal / self.num_values,
        }


def summarize(name: str, measured: list[Measurement]) -> dict[str, Any]:
    """Summarise a variant's features: they must be finite, and should be informative.

    Raises:
        InputError: If a value is infinite or not a number.
    """
    num_infinite = sum(tensor.num_infinite for tensor in measured)
    if num_infinite:
        raise InputError(
            f"{num_infinite} of {name}'s features are infinite or not a number; all must be "
            "finite. Its weights are at fault: see metrics/weights, and make them again "
            f"(`dvc repro -f weights@{name}`)."
        )
    informative = max(tensor.spread() for tensor in measured) > FAINT
    if not informative:
        logger.warning(
            "%s's features are uninformative: they differ by less than %.1g between images "
            "(docs/choices.md, C5).",
            name,
            FAINT,
        )
    return {
        "informative": informative,
        "tensors": [tensor.as_dict() for tensor in measured],
    }
