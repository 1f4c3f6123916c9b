import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fer_transfer.networks.runtime import tf
from fer_transfer.backbones import resnet29
from fer_transfer.console.errors import InputError
from fer_transfer.networks.building import WEIGHT_LOADING_ERRORS
from stages import weights

Layers = list[tuple[str, np.ndarray]]

# What dlib writes between its layers does not matter to the reader.
SETTINGS = b"\x01\x02\x01\x00\x08relu_110\x01\x00"
NAMES = {"con": b"\x05con_4", "affine": b"\x07affine_", "fc": b"\x04fc_2"}


def number(value: int) -> bytes:
    """Write a whole number as dlib does."""
    size = max(1, math.ceil(abs(value).bit_length() / 8))
    sign = 0x80 if value < 0 else 0
    return bytes([sign | size]) + abs(value).to_bytes(size, "little")


def stored(kind: str, values: np.ndarray, version: int = 2, *sizes: int) -> bytes:
    """Write a layer as dlib does; `sizes` are those of its tensor, the true ones unless given."""
    shape = (128, len(values) // 128) if kind == "fc" else ()
    counts = sizes or ((shape[1], 128, 1, 1) if shape else (len(values), 1, 1, 1))
    head = b"".join(map(number, (*shape, version, *counts)))
    return NAMES[kind] + head + values.astype("<f4").tobytes() + SETTINGS


def write(path: Path, layers: Layers) -> Path:
    """Write a network as dlib does, in so far as the reader looks at it."""
    body = b"".join(stored(kind, values) for kind, values in layers)
    path.write_bytes(resnet29.MAGIC + SETTINGS + body)
    return path


@pytest.fixture(scope="module")
def layers() -> Layers:
    """The layers of a network with plausible values."""
    random = np.random.default_rng(0)
    filters = [32]
    filters += [size for size, number in resnet29.STAGES for _ in range(2 * number)]
    found: Layers = []
    for inputs, outputs in zip([3, *filters], filters, strict=False):
        area = inputs * (49 if inputs == 3 else 9)
        kernels = random.normal(0, area**-0.5, area * outputs)
        found.append(("con", np.append(kernels, random.normal(0, 0.1, outputs))))
        found.append(("affine", random.uniform(-0.1, 0.9, 2 * outputs)))
    found.append(("fc", random.normal(0, 0.1, 256 * 128)))
    return [(kind, values.astype(np.float32)) for kind, values in found]


@pytest.fixture(scope="module")
def images():
    values = np.random.default_rng(1).uniform(-0.5, 0.5, (3, 150, 150, 3))
    return values.astype(np.float32)


def convolved(maps: tf.Tensor, stored: Layers, strides: int, padding: str) -> tf.Tensor:
    """Apply the next two stored layers: a convolution, and a scale and shift."""
    (_, values), (_, affine) = stored.pop(0), stored.pop(0)
    scale, shift = affine.reshape(2, -1)
    size = 7 if maps.shape[-1] == 3 else 3
    kernels = values[: -len(scale)].reshape(len(scale), maps.shape[-1], size, size)
    maps = tf.nn.conv2d(maps, kernels.transpose(2, 3, 1, 0), strides, padding)
    return (maps + values[-len(scale) :]) * scale + shift


def reference(images: np.ndarray, stored: Layers) -> np.ndarray:
    """Compute descriptors (N, 128) by TensorFlow alone, as the protocol words it."""
    stored = list(stored)
    maps = tf.nn.relu(convolved(images, stored, 2, "VALID"))
    maps = tf.nn.max_pool2d(maps, 3, 2, "VALID")
    for block in range(14):
        down = block in (3, 7, 10, 13)
        branch = tf.nn.relu(
            convolved(maps, stored, *((2, "VALID") if down else (1, "SAME")))
        )
        branch = convolved(branch, stored, 1, "SAME")
        if down:
            maps = tf.nn.avg_pool2d(maps, 2, 2, "VALID")
        size, channels = max(branch.shape[1], maps.shape[1]), branch.shape[-1]
        total = np.zeros((len(images), size, size, channels), np.float32)
        for one in (branch, maps):
            total[:, : one.shape[1], : one.shape[2], : one.shape[3]] += one
        maps = tf.nn.relu(total)
    return np.mean(maps, axis=(1, 2)) @ stored.pop(0)[1].reshape(256, 128)


def test_a_file_of_dlib_s_gives_the_descriptors_that_its_values_say(
    tmp_path, layers, images
):
    expected = reference(images, layers)
    file = write(tmp_path / "network.dat", layers)
    np.testing.assert_allclose(resnet29.build(file)(images), expected, atol=1e-4)
    assert expected.std() > 0.1


def test_layers_are_read_as_they_were_written(tmp_path):
    # The values spell a layer's name, which must not be taken for one.
    name = np.frombuffer(b"\x00\x00\x00\x05con_4\x01\x01\x01", "<f4")
    written = [("con", np.arange(5.0)), ("affine", name), ("fc", np.ones(256))]
    read = resnet29.read_dlib(write(tmp_path / "network.dat", written))
    assert [kind for kind, _ in read] == ["con", "affine", "fc"]
    for (_, values), (_, expected) in zip(read, written, strict=True):
        np.testing.assert_array_equal(values, expected)


ONE = ("con", np.ones(6))
LYING = {
    "more values than there are": (7, 1, 1, 1),
    "more than a size can be": (1 << 60,) * 4,
    "fewer than none": (-6, 1, 1, 1),
}


@pytest.mark.parametrize("sizes", LYING.values(), ids=LYING)
def test_a_size_that_the_file_cannot_have_is_refused_without_taking_memory(
    tmp_path, sizes
):
    path = tmp_path / "network.dat"
    path.write_bytes(resnet29.MAGIC + stored(*ONE, 2, *sizes).removesuffix(SETTINGS))
    tracemalloc.start()
    with pytest.raises(ValueError, match="bytes should follow where 24 are left"):
        resnet29.read_dlib(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


WRONG_FILES = {
    "a page": (b"<html></html>", "does not begin"),
    "few layers": (resnet29.MAGIC + stored(*ONE) * 2, "2 layers have weights"),
    "another version": (resnet29.MAGIC + stored(*ONE, 3), "version 3, not 2"),
    "cut in a name": (resnet29.MAGIC + stored(*ONE)[:4], "0 layers"),
    "cut in the values": (resnet29.MAGIC + stored(*ONE)[:20], "should follow"),
}


@pytest.mark.parametrize(("content", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_damaged_file_is_refused(tmp_path, content, message):
    path = tmp_path / "network.dat"
    path.write_bytes(content)
    with pytest.raises(WEIGHT_LOADING_ERRORS, match=message):
        resnet29.build(path)


def in_another_order(layers: Layers) -> Layers:
    return [layers[1], layers[0], *layers[2:]]


def of_another_shape(layers: Layers) -> Layers:
    return [("con", layers[0][1][:-1]), *layers[1:]]


@pytest.mark.parametrize("change", [in_another_order, of_another_shape])
def test_a_file_of_another_network_is_refused(tmp_path, layers, change):
    path = write(tmp_path / "network.dat", change(layers))
    with pytest.raises(InputError, match="does not hold this network's weights"):
        weights._loaded("resnet29", path)


def test_a_random_network_s_features_tell_images_apart(images):
    descriptors = weights.random_weights("resnet29", seed=7)(images).numpy()
    assert np.isfinite(descriptors).all()
    assert descriptors.std(axis=0).mean() > 0.01 * descriptors.std()
