"""Build a backbone by its name: `fer_transfer/backbones/<name>.py` has SPEC and `build`."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from deepface.commons import weight_utils

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError
from fer_transfer.networks.spec import Spec

# What h5py and Keras raise for a weights file that is damaged or holds something else.
WEIGHT_LOADING_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
)


def spec_of(backbone: str) -> Spec:
    """Return a backbone's spec."""
    spec: Spec = _module(backbone).SPEC
    return spec


def build(backbone: str, weights: Path | None, size: int | None = None) -> keras.Model:
    """Build a backbone without its classifier.

    Args:
        backbone: The name of its module.
        weights: Its published weights file, or None for initial values.
        size: Pixels of its input, both ways; its published size if None.

    Raises:
        InputError: If it takes no input of that size.
    """
    module, spec = _module(backbone), spec_of(backbone)
    if size in (None, spec.size):
        return module.build(weights)
    if spec.min_size is None or size < spec.min_size:
        allowed = f"at least {spec.min_size}" if spec.min_size else f"{spec.size} alone"
        raise InputError(
            f"`size` in params.yaml must be {allowed} for {backbone}. Got {size} instead."
        )
    return module.build(weights, size)


def blank(backbone: str, size: int | None = None) -> keras.Model:
    """Build a backbone for weights that are loaded next: most of its values are zero.

    To draw them takes six times as long for VGG-Face, which has 145 million.
    """
    zeros = {"glorot_uniform": keras.initializers.Zeros}  # Keras's default
    with keras.utils.custom_object_scope(zeros):
        return build(backbone, None, size)


def _module(backbone: str) -> Any:
    # By name, so that a stage depends on the one backbone that it uses (dvc.yaml).
    return importlib.import_module(f"fer_transfer.backbones.{backbone}")


@contextmanager
def deepface_reads(weights: Path | None) -> Iterator[None]:
    """Let deepface, which downloads weights as it builds, take ours, or none, instead."""
    replaced: dict[str, Any] = {
        "download_weights_if_necessary": lambda *_, **__: str(weights)
    }
    if weights is None:
        replaced["load_model_weights"] = lambda model, weight_file: model
    with mock.patch.multiple(weight_utils, **replaced):
        yield
