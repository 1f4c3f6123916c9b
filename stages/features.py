"""Run one variant's frozen part once over every image.

Reads   data/images.npz                  pixels (N, 48, 48) uint8
        data/weights/<variant>.h5        what the backbone starts from
Params  features; of the variant: backbone, trainable_layers
Writes  data/features/<variant>/0.npy..  a tensor each that crosses the cut, (N, ...), in
                                         the order of images.npz; memory-mapped
        metrics/features/<variant>.json  what is stored: size, range, spread, zeros
Source  docs/choices.md: why frozen layers run once, in inference mode (C4)

It reads no split: every image passes once, whatever set it will be dealt to.
"""

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stages.lib import console, files, network, params, signal

logger = logging.getLogger(__name__)


def frozen_pass(
    frozen: Callable[[tf.Tensor], tf.Tensor | list[tf.Tensor]],
    pixels: np.ndarray,
    batch_size: int,
) -> Iterator[tuple[slice, list[np.ndarray]]]:
    """Yield the rows of each batch and its features, a list of (batch, ...) arrays."""
    compute = tf.function(
        frozen, input_signature=[tf.TensorSpec((None, *pixels.shape[1:]), tf.uint8)]
    )
    for first in range(0, len(pixels), batch_size):
        rows = slice(first, min(first + batch_size, len(pixels)))
        yield (
            rows,
            [tensor.numpy() for tensor in tf.nest.flatten(compute(pixels[rows]))],
        )


def write(
    folder: Path, batches: Iterator[tuple[slice, list[np.ndarray]]], num_images: int
) -> list[signal.Measurement]:
    """Store features as memory-mapped arrays, a batch at a time, and measure them."""
    stored: list[np.memmap] = []
    measured: list[signal.Measurement] = []
    folder.mkdir(parents=True)
    with tqdm(total=num_images, unit="image", disable=None) as progress:
        for rows, tensors in batches:
            if not stored:
                stored = [
                    np.lib.format.open_memmap(
                        folder / f"{number}.npy",
                        "w+",
                        tensor.dtype,
                        (num_images, *tensor.shape[1:]),
                    )
                    for number, tensor in enumerate(tensors)
                ]
                measured = [signal.Measurement() for _ in tensors]
            for array, measurement, tensor in zip(
                stored, measured, tensors, strict=True
            ):
                array[rows] = tensor
                measurement.add(tensor)
            progress.update(rows.stop - rows.start)
    for array in stored:
        array.flush()
    return measured


def main(name: str) -> None:
    settings = params.load()
    variant = settings.variants[name]
    pixels = files.read_npz(Path("data/images.npz"))["pixels"]
    model = network.build(variant, Path(f"data/weights/{name}.h5"))

    logger.info("Running %s's frozen part over %d images.", name, len(pixels))
    folder, part = Path(f"data/features/{name}"), Path(f"data/features/.{name}.part")
    shutil.rmtree(part, ignore_errors=True)
    measured = write(
        part,
        frozen_pass(model.frozen, pixels, settings.features.batch_size),
        len(pixels),
    )
    summary = signal.summarize(name, measured)
    part.replace(folder)
    files.write_json(
        Path(f"metrics/features/{name}.json"),
        {
            "images": len(pixels),
            "bytes": sum(file.stat().st_size for file in folder.iterdir()),
            **summary,
            "parameters": {
                "backbone": model.backbone.count_params(),
                "trainable": sum(
                    int(np.prod(w.shape)) for w in model.whole.trainable_weights
                ),
            },
        },
    )


if __name__ == "__main__":
    console.run(main, *sys.argv[1:])
