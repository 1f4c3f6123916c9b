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

import sys
from pathlib import Path

import numpy as np

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.extraction import frozen_pass
from fer_transfer.settings.settings import load_settings


def main(name: str) -> None:
    pixels, folder = np.array(faces.read_images()), Path(f"data/features/{name}")
    network, described = frozen_pass.extract(name, load_settings(), pixels, folder)
    files.write_json(
        Path(f"metrics/features/{name}.json"),
        {
            "images": len(pixels),
            "bytes": sum(file.stat().st_size for file in folder.iterdir()),
            **described,
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
