"""What bfloat16 does to a variant's results: `python -m benchmarks.bfloat16 mobilenet-pretrained`.

Computes the features and trains on them once more, in bfloat16, from what `dvc repro` left in
data/, and prints the history beside the one in plots/history. By Keras's policy
mixed_bfloat16, which every processor computes: values rounded to bfloat16, sums in float32. It
is not for speed; where the processor has bfloat16, `compute.precision` is.
"""

import logging
import sys
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from stages.lib.framework import keras, tf
from stages import features, train
from stages.lib import files, network, params
from stages.lib.checkpoint import Checkpoint
from stages.lib.engine import Engine, tensorflow_pass
from stages.lib.layers import Head
from stages.lib.steps import Steps
from stages.lib.store import Store, open_features

POLICY = "mixed_bfloat16"


def float32_head(**settings: object) -> Head:
    """Build a head that computes in float32: Keras rounds probabilities otherwise."""
    keras.mixed_precision.set_global_policy("float32")
    head = Head(**settings)
    keras.mixed_precision.set_global_policy(POLICY)
    return head


def build(variant: params.Variant, weights: Path, seed: int) -> network.Network:
    """Build the variant's network as the stages do, of layers that round to bfloat16."""
    keras.mixed_precision.set_global_policy(POLICY)
    with mock.patch.object(network, "Head", float32_head):
        return network.build(variant, weights, seed)


def in_float32(frozen: keras.Model) -> Engine:
    """Return the frozen part as an engine whose features are stored as float32."""
    compute = tensorflow_pass(frozen)
    return Engine(
        "tensorflow",
        lambda pixels: [one.astype(np.float32) for one in compute(pixels)],
    )


def from_float32(tail: keras.Model) -> keras.Model:
    """Return the tail for features that are stored as float32."""
    inputs = [keras.Input(one.shape[1:], dtype=tf.float32) for one in tail.inputs]
    return keras.Model(inputs, tail(inputs))


def history(name: str, folder: Path) -> pd.DataFrame:
    """Run the variant's frozen part over all images, and train on the features."""
    settings = params.load()
    keras.utils.set_random_seed(settings.train.seed)
    images = files.read_npz(Path("data/images.npz"))
    split = files.read_npz(Path("data/split.npz"))
    weights = Path(f"data/weights/{name}.h5")
    model = build(settings.variants[name], weights, settings.train.seed)
    pixels, engine = images["pixels"], in_float32(model.frozen)
    stored = Store(folder / "part", len(pixels), "")
    features.store(stored, engine, pixels, settings.features.batch_size)
    stored.finish(folder / "features")

    tail = from_float32(model.tail)
    train.compile_tail(tail, settings.train.learning_rate)
    data = open_features(folder / "features"), images["labels"]
    checkpoint = Checkpoint(folder / "checkpoint")
    return train.train(Steps(tail), data, split, settings.train, checkpoint)


def main(name: str) -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    with tempfile.TemporaryDirectory(dir="data") as folder:
        in_bfloat16 = history(name, Path(folder))
    in_params_precision = files.read_csv(Path(f"plots/history/{name}.csv"))
    both = in_params_precision.merge(
        in_bfloat16, on="epoch", suffixes=("", " bfloat16")
    )
    print(both[sorted(both.columns)].set_index("epoch").round(4).to_string())


if __name__ == "__main__":
    main(*sys.argv[1:])
