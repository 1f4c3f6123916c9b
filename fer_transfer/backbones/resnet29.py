"""ResNet-29, dlib's face recognition network, and the reader of its weights file.

    image (N, 150, 150, 3) -> stem -> 14 residual blocks -> average -> descriptor (N, 128)

Source  dlib, examples/dnn_face_recognition_ex.cpp, and its serialize.h for the file format
"""

import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.networks.spec import Spec

DLIB_STORE = "https://github.com/ageitgey/face_recognition_models/raw/master/face_recognition_models/models"
SPEC = Spec(
    size=150,
    min_size=103,  # below it nothing is left to halve
    scale=1 / 256,
    offset=(-122.782 / 256, -117.001 / 256, -104.298 / 256),
    weights_url=f"{DLIB_STORE}/dlib_face_recognition_resnet_model_v1.dat",
    weights_hash="sha256:55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
DESCRIPTOR = 128
# Channels and number of blocks. The first block of each stage but the first halves the map.
STAGES = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))
NUM_BLOCKS = sum(num_blocks for _, num_blocks in STAGES)

MAGIC = b"\x01\x01\x01\x0dloss_metric_2"
# The layers with weights, by name and version: another version is another layout.
LAYER = re.compile(rb"\x05(con)_4|\x07(affine)_|\x04(fc)_2")
TENSOR_VERSION = 2


class ScaleAndShift(keras.layers.Layer):
    """`inputs * scale + shift`, one of each per channel: batch normalisation, folded.

    Takes and gives (..., channels). At first it multiplies by `initial_scale`.
    """

    def __init__(self, initial_scale: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initial_scale = initial_scale

    def build(self, input_shape: tf.TensorShape) -> None:
        initial = keras.initializers.Constant(self.initial_scale)
        self.scale = self.add_weight("scale", input_shape[-1:], initializer=initial)
        self.shift = self.add_weight("shift", input_shape[-1:], initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * self.scale + self.shift


KINDS = {"con": keras.layers.Conv2D, "affine": ScaleAndShift, "fc": keras.layers.Dense}


def build(weights: Path | None, size: int = SPEC.size) -> keras.Model:
    """Build the network; it ends in the descriptor, of which faces are told apart.

    The last four layers follow the sum of the last block: its rectifier, average pooling,
    flattening and the dense layer, so that one tensor feeds them and not sum and shortcut.

    Args:
        weights: dlib's own file, or None for initial values.
        size: Pixels of the input, both ways.

    Raises:
        ValueError: If the file is damaged or holds another network.
    """
    image = keras.Input((size, size, 3))
    maps = _convolution(image, 32, 7, 2, "valid", "stem")
    maps = keras.layers.ReLU(name="stem_relu")(maps)
    maps = keras.layers.MaxPooling2D(3, 2, name="stem_pool")(maps)
    for stage, (filters, num_blocks) in enumerate(STAGES, start=1):
        for block in range(1, num_blocks + 1):
            down = stage > 1 and block == 1
            maps = _residual_block(maps, filters, down, f"stage{stage}_block{block}")
    maps = keras.layers.AveragePooling2D(maps.shape[1:3], name="average")(maps)
    maps = keras.layers.Flatten(name="flatten")(maps)
    descriptor = keras.layers.Dense(DESCRIPTOR, use_bias=False, name="descriptor")
    model = keras.Model(image, descriptor(maps), name="resnet29")
    if weights is not None:
        _load(model, weights)
    return model


def _convolution(
    maps: tf.Tensor,
    filters: int,
    size: int,
    strides: int,
    padding: str,
    name: str,
    scale: float = 1,
) -> tf.Tensor:
    """Convolve, then scale and shift: batch normalisation with its statistics folded in.

    `scale` is its initial value.
    """
    convolution = keras.layers.Conv2D(
        filters,
        size,
        strides,
        padding,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )
    return ScaleAndShift(scale, name=f"{name}_scale")(convolution(maps))


def _residual_block(maps: tf.Tensor, filters: int, down: bool, name: str) -> tf.Tensor:
    """Add two convolutions of a map to the map itself, or `down` to its half."""
    first = (2, "valid") if down else (1, "same")
    branch = _convolution(maps, filters, 3, *first, f"{name}_1")
    branch = keras.layers.ReLU(name=f"{name}_1_relu")(branch)
    # Sums of many branches grow where nothing normalises them: random weights begin small.
    scale = 1 / math.sqrt(NUM_BLOCKS)
    branch = _convolution(branch, filters, 3, 1, "same", f"{name}_2", scale)
    if down:
        maps = keras.layers.AveragePooling2D(2, name=f"{name}_shortcut")(maps)
    # dlib adds maps of two sizes as if zeros followed the smaller one.
    shape = np.maximum(branch.shape[1:], maps.shape[1:])
    branch = _pad(branch, shape, f"{name}_2")
    maps = _pad(maps, shape, f"{name}_shortcut")
    total = keras.layers.Add(name=f"{name}_add")([branch, maps])
    return keras.layers.ReLU(name=f"{name}_relu")(total)


def _pad(maps: tf.Tensor, shape: np.ndarray, name: str) -> tf.Tensor:
    """Pad with zeros below, on the right and in the last channels to `shape`."""
    height, width, channels = (int(size) for size in shape - maps.shape[1:])
    if height or width:
        pad = keras.layers.ZeroPadding2D(((0, height), (0, width)), name=f"{name}_pad")
        maps = pad(maps)
    if channels:
        # With "channels first" the two last axes are padded, which here are width and channels.
        pad = keras.layers.ZeroPadding2D(
            ((0, 0), (0, channels)), "channels_first", name=f"{name}_channels"
        )
        maps = pad(maps)
    return maps


def _load(model: keras.Model, path: Path) -> None:
    """Give a network the weights of dlib's file."""
    layers = [layer for layer in model.layers if layer.weights]
    stored = read_dlib(path)
    if len(stored) != len(layers):
        raise ValueError(f"{len(stored)} layers have weights, not {len(layers)}")
    for layer, (kind, values) in zip(layers, stored, strict=True):
        if not isinstance(layer, KINDS[kind]):
            raise ValueError(f"`{kind}` stands where {layer.name} should")
        layer.set_weights(_arrange(values, layer))


def _arrange(values: np.ndarray, layer: keras.layers.Layer) -> list[np.ndarray]:
    """Bring a layer's values from dlib's order into the shapes of its weights here."""
    if isinstance(layer, ScaleAndShift):
        return np.split(values, 2)
    if isinstance(layer, keras.layers.Dense):
        return [values.reshape(layer.kernel.shape)]
    height, width, inputs, outputs = layer.kernel.shape
    kernels = values[:-outputs].reshape(outputs, inputs, height, width)
    return [kernels.transpose(2, 3, 1, 0), values[-outputs:]]


def read_dlib(path: Path) -> list[tuple[str, np.ndarray]]:
    """Read the weights of a network that dlib has serialised.

    Settings stand between the layers, which are searched for by name. Values are skipped
    before the search goes on, so no name is found among them.

    Returns:
        A pair for each layer with weights, from the input on: `con`, `affine` or `fc`, and
        its values as the file has them, float32 (n,).

    Raises:
        ValueError: If it is another file, or one that is cut.
    """
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise ValueError("it does not begin as a network that dlib serialised")
    layers, stream = [], io.BytesIO(data)
    while match := LAYER.search(data, stream.tell()):
        stream.seek(match.end())
        kind = match[match.lastindex or 0].decode()
        if kind == "fc":
            _number(stream), _number(stream)  # outputs and inputs, as the tensor's
        if (version := _number(stream)) != TENSOR_VERSION:
            raise ValueError(f"a tensor has version {version}, not {TENSOR_VERSION}")
        count = math.prod(_number(stream) for _ in range(4))
        layers.append((kind, np.frombuffer(_take(stream, 4 * count), "<f4")))
    return layers


def _number(stream: io.BytesIO) -> int:
    """Read a whole number: a byte with sign and size, then as many bytes, lowest first."""
    control = _take(stream, 1)[0]
    value = int.from_bytes(_take(stream, control & 0x0F), "little")
    return -value if control & 0x80 else value


def _take(stream: io.BytesIO, count: int) -> bytes:
    """Read exactly `count` bytes, or none if the file does not have them."""
    left = len(stream.getbuffer()) - stream.tell()
    if not 0 <= count <= left:
        raise ValueError(f"{count} bytes should follow where {left} are left")
    return stream.read(count)
