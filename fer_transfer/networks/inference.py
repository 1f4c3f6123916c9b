"""What computes the frozen part: OpenVINO on a processor, TensorFlow on a GPU or without it.

In float32 OpenVINO takes as long as TensorFlow, or half of it, by backbone and processor
(docs/performance.md has the times); tests bound the difference between their features.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from fer_transfer.networks.runtime import GPUS, keras, tf
from fer_transfer.networks import split_model

OPENVINO_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


@dataclass(frozen=True)
class Engine:
    """The frozen part, compiled: pixels (n, 48, 48) -> features, a list of (n, ...)."""

    name: str
    compute: Callable[[np.ndarray], list[np.ndarray]]


def open_engine(frozen: keras.Model, precision: str) -> Engine:
    """Compile the frozen part for this machine."""
    if GPUS or find_spec("openvino") is None:
        return Engine("tensorflow", tensorflow_pass(frozen))
    return Engine("openvino", openvino_pass(frozen, precision))


def tensorflow_pass(frozen: keras.Model) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Compute by TensorFlow, a whole batch at once, in the precision that is set."""
    compute = tf.function(
        frozen, input_signature=[tf.TensorSpec(frozen.input_shape, frozen.input.dtype)]
    )
    return lambda pixels: [
        tf.cast(tensor, split_model.stored_type(tensor)).numpy()
        for tensor in tf.nest.flatten(compute(pixels))
    ]


def openvino_pass(
    frozen: keras.Model, precision: str
) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Compute by OpenVINO, one image per core: an image's activations then fit its cache."""
    import openvino

    queue = openvino.AsyncInferQueue(compile_frozen(frozen, precision))

    def compute(pixels: np.ndarray) -> list[np.ndarray]:
        features = {
            tensor.name: np.empty(
                (len(pixels), *tensor.shape[1:]), tensor.dtype.as_numpy_dtype
            )
            for tensor in frozen.outputs
        }
        for row in range(len(pixels)):
            request = queue[queue.get_idle_request_id()]  # the next that starts
            for name, array in features.items():  # OpenVINO has an order of its own
                place = openvino.Tensor(array[row : row + 1], shared_memory=True)
                request.set_tensor(name, place)
            queue.start_async(pixels[row : row + 1])
        queue.wait_all()
        return list(features.values())

    return compute


def compile_frozen(frozen: keras.Model, precision: str) -> Any:
    """Compile for as many images at once as the processor has cores for."""
    import openvino

    return openvino.Core().compile_model(
        openvino.convert_model(frozen),
        "CPU",
        {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_PRECISION_HINT": OPENVINO_PRECISIONS[precision],
        },
    )
