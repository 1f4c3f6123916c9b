"""Describe the layers of each backbone, block by block, from the networks (Figures 2-4).

Not a stage of dvc.yaml, because it depends on the catalog and the packages alone: run it again
when either changes (`python -m tools.architectures`); a test compares its file with the networks.

Writes  metrics/architectures.json  by backbone its blocks, from the image on: layers, output
                                    shape, parameters, and whether the block trains when all
                                    but the last four layers are frozen
Source  the paper, section 4 (Figures 2-4 are drawings of three of them)
"""

from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

from fer_transfer.networks.runtime import keras
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.networks import building
from fer_transfer.results import paper
from fer_transfer.results.catalog import BACKBONES


def blocks(model: keras.Model) -> list[dict[str, Any]]:
    """Return a network's blocks: neighbouring layers between two reductions of the map.

    The first block says what goes into it, `input`.
    Each of the last four layers, which train by the paper's text, is a block of its own.
    """
    layers = model.layers[1:]  # the first is the input
    last = layers[-paper.TRAINABLE_LAYERS :]
    block_of = dict(zip(layers, map_sizes(layers), strict=True))
    block_of |= {layer: layer for layer in last}
    blocks = [list(block) for _, block in groupby(layers, key=block_of.__getitem__)]
    rows = [describe(block, last_four=block[0] in last) for block in blocks]
    rows[0]["input"] = list(model.input_shape[1:])
    return rows


def map_sizes(layers: list[keras.layers.Layer]) -> list[int]:
    """Return the largest height of a map that this layer or a later one gives.

    So a branch that is pooled and joined again starts no block; nor does padding.
    """
    padding = keras.layers.ZeroPadding2D
    heights = [
        0 if isinstance(layer, padding) else (layer.output_shape[1:-1] or (1,))[0]
        for layer in layers
    ]
    return list(accumulate(reversed(heights), max))[::-1]


def describe(block: list[keras.layers.Layer], *, last_four: bool) -> dict[str, Any]:
    return {
        "first": block[0].name,
        "last": block[-1].name,
        "layers": len(block),
        "kinds": list(dict.fromkeys(type(layer).__name__ for layer in block)),
        "output": list(block[-1].output_shape[1:]),
        "parameters": sum(layer.count_params() for layer in block),
        "last_four": last_four,
    }


def main() -> None:
    described = {}
    for name in BACKBONES:
        keras.backend.clear_session()  # so that layers are numbered from one
        described[name] = blocks(building.build(name, None))
    files.write_json(Path("metrics/architectures.json"), described)


if __name__ == "__main__":
    command.run(main)
