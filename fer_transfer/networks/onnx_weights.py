"""The weights in a model file of `tools.export`, for training that goes on from them."""

from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Read a model file's weights as float32, by Keras's names and in Keras's layouts.

    Raises:
        InputError: If the file is not ONNX.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except DecodeError as error:
        raise InputError(
            f"{path} is not an ONNX file ({error}). Expected one that `python -m tools.export` "
            "writes: correct the variant's `weights` in params.yaml."
        ) from None
    return {
        weight.name: numpy_helper.to_array(weight).astype(np.float32)
        for weight in model.graph.initializer
        if weight.name.endswith(":0")
    }


def assign(backbone: keras.Model, path: Path) -> None:
    """Give a backbone the weights that a model file holds of it.

    Raises:
        InputError: If the file holds another network.
    """
    stored = read_weights(path)
    missing = [
        weight.name
        for weight in backbone.weights
        if stored.get(weight.name, np.empty(0)).shape != tuple(weight.shape)
    ]
    if missing:
        raise InputError(
            f"{path} does not hold this backbone: it lacks {len(missing)} of its "
            f"{len(backbone.weights)} weights, {missing[0]} among them. Set the variant's "
            "`backbone` in params.yaml to the one that the file was exported from."
        )
    for weight in backbone.weights:
        weight.assign(stored[weight.name])
