"""`model.json`: what a model folder says of itself, and the hashes that hold it to its word."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import IMAGE_SIZE

# A folder has the oldest format that can hold it, so that whatever reads that one reads it: up
# to one hidden layer is model 1, more is model 2.
FORMATS = ("fer-transfer model 1", "fer-transfer model 2")
FRAMING = "fer2013"
SCALING = "grey levels 0 to 255, then the backbone's own (fer_transfer/backbones/)"
# What this program gives a model; one that expects anything else is not for it.
INPUT = {"framing": FRAMING, "size": IMAGE_SIZE, "channels": 1, "scaling": SCALING}

KEYS = {
    "format": str,
    "classes": list,
    "framing": str,
    "size": int,
    "channels": int,
    "scaling": str,
    "backbone": str,
    "backbone_sha256": str,
    "temperature": float,
    "test": dict,
    "probe": list,
    "arrays": dict,
}
TEST_KEYS = {"set": str, "images": int, "accuracy": float, "interval": list}


class Spec(NamedTuple):
    """A model folder that has been checked."""

    values: dict[str, Any]  # of model.json
    arrays: dict[str, np.ndarray]


def layer_names(num_layers: int) -> list[tuple[str, str]]:
    """Name the kernel and bias of each dense layer, the first layer first.

    >>> layer_names(2)
    [('hidden_kernel', 'hidden_bias'), ('kernel', 'bias')]
    >>> layer_names(3)[1]
    ('hidden_2_kernel', 'hidden_2_bias')
    """
    stems = ["hidden_" + (f"{n}_" if n > 1 else "") for n in range(1, num_layers)]
    return [(f"{stem}kernel", f"{stem}bias") for stem in [*stems, ""]]


def count_layers(arrays: Iterable[str]) -> int:
    """Count the dense layers, by the names of their arrays."""
    return sum(name.endswith("kernel") for name in arrays)


def format_of(num_layers: int) -> str:
    """Return the oldest format that holds so many layers."""
    return FORMATS[num_layers > 2]


def array_hash(name: str, array: np.ndarray) -> str:
    """Hash an array with its name, type and shape: whatever a file wraps around its numbers."""
    text = f"{name} {array.dtype.str} {array.shape}\n".encode()
    return hashlib.sha256(text + np.ascontiguousarray(array).tobytes()).hexdigest()


def write_spec(
    folder: Path, values: dict[str, Any], arrays: dict[str, np.ndarray]
) -> None:
    """Write a model folder; model.json last, so that a folder with it is whole."""
    files.write_npz(folder / "arrays.npz", arrays)
    hashes = {name: array_hash(name, array) for name, array in arrays.items()}
    files.write_json(
        folder / "model.json",
        {
            "format": format_of(count_layers(arrays)),
            **INPUT,
            **values,
            "arrays": hashes,
        },
    )


def read_spec(folder: Path) -> Spec:
    """Read a model folder.

    Raises:
        InputError: If anything in it is missing, unknown, or not what its hash says.
    """
    values = _read_json(folder)
    _check_types(folder, values, KEYS, "")
    _check_types(folder, values["test"], TEST_KEYS, "test.")
    form = format_of(count_layers(map(str, values["arrays"])))
    for key, expected in {"format": form, **INPUT}.items():
        if values[key] != expected:
            raise _refused(folder, f"`{key}` is {values[key]!r}; expected {expected!r}")
    classes = values["classes"]
    if len(set(map(str, classes))) < 2 or not all(isinstance(c, str) for c in classes):
        raise _refused(folder, f"`classes` must be two names or more, not {classes!r}")
    if not 0 < values["temperature"] <= 100:
        raise _refused(folder, "`temperature` must be above 0 and at most 100")
    return Spec(values, _read_arrays(folder, values["arrays"], len(classes)))


def _read_json(folder: Path) -> dict[str, Any]:
    file = folder / "model.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refused(folder, "it has no model.json") from None
    except (ValueError, RecursionError) as error:
        raise _refused(folder, f"model.json is no JSON ({error})") from None
    if not isinstance(values, dict):
        raise _refused(folder, "model.json holds no mapping")
    return values


def _check_types(
    folder: Path, values: dict[str, Any], kinds: dict[str, type], where: str
) -> None:
    for key, kind in kinds.items():
        value = values.get(key)
        whole = kind is float and type(value) is int  # 1 for 1.0
        if not whole and type(value) is not kind:
            raise _refused(
                folder, f"`{where}{key}` must be a {kind.__name__}, not {value!r}"
            )


def _read_arrays(
    folder: Path, hashes: dict[str, str], num_classes: int
) -> dict[str, np.ndarray]:
    try:
        arrays = files.read_npz(folder / "arrays.npz")
    except FileNotFoundError:
        raise _refused(folder, "it has no arrays.npz") from None
    except InputError as error:
        raise _refused(folder, str(error).split(" Remove it")[0]) from None
    if sorted(arrays) != sorted(hashes):
        raise _refused(
            folder,
            f"arrays.npz holds {', '.join(sorted(arrays))}; model.json names "
            f"{', '.join(sorted(hashes))}",
        )
    for name, array in arrays.items():
        if array_hash(name, array) != hashes[name]:
            raise _refused(
                folder, f"the array `{name}` has another hash than model.json says"
            )
    _check_shapes(folder, arrays, num_classes)
    return arrays


def _check_shapes(
    folder: Path, arrays: dict[str, np.ndarray], num_classes: int
) -> None:
    """Check that the layers follow each other, and end in one number per class."""
    layers = layer_names(count_layers(arrays))
    width = None
    for kernel, bias in layers:
        shapes = [
            arrays[name].shape if name in arrays else None for name in (kernel, bias)
        ]
        fits = (
            shapes[0] is not None
            and len(shapes[0]) == 2
            and shapes[1] == shapes[0][1:]
            and width in (None, shapes[0][0])
        )
        if not fits:
            raise _refused(
                folder, f"`{kernel}` and `{bias}` have shapes that do not fit"
            )
        width = shapes[0][1] if shapes[0] else None
    if width != num_classes:
        raise _refused(
            folder, f"its head has {width} outputs for {num_classes} classes"
        )


def _refused(folder: Path, why: str) -> InputError:
    return InputError(
        f"{folder} is no model folder that can be trusted: {why}. Take it again from where it "
        "came from (`git checkout` for the default), or make one (docs/photos.md)."
    )
