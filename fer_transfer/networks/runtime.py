"""TensorFlow and Keras, imported without the messages that no setting turns off."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from fer_transfer.console.errors import InputError

# The versions of the packages that decide a result's bits; stages that depend on this folder
# run again where one of them changes.
VERSIONS = Path(__file__).with_name("versions.txt")


@contextmanager
def _quiet_standard_error() -> Iterator[None]:
    """Drop what native code writes to standard error; Python's exceptions pass."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


# TensorFlow reports on oneDNN and CUDA before it reads TF_CPP_MIN_LOG_LEVEL, and on each
# missing device when it first lists them. Garbage is not looked for meanwhile, which takes a sixth
# of the time, and never in what is there at the end: modules stay.
gc.disable()
with _quiet_standard_error():
    import tensorflow as tf
    import tf_keras as keras

    GPUS = tf.config.list_physical_devices("GPU")
gc.freeze()
gc.enable()

# Keras's own defaults, whatever the user's keras.json says.
keras.backend.set_floatx("float32")
keras.backend.set_epsilon(1e-7)
keras.backend.set_image_data_format("channels_last")

__all__ = ["GPUS", "check_versions", "keras", "tf"]


def check_versions() -> None:
    """Raise an InputError if a package that decides results is not the version they rest on.

    OpenVINO may be missing: TensorFlow computes in its place.
    """
    for line in VERSIONS.read_text(encoding="utf-8").splitlines():
        # As in requirements.lock, which has one NumPy per Python.
        expected = Requirement(line)
        if expected.marker and not expected.marker.evaluate():
            continue
        package = expected.name
        if package == "openvino" and find_spec(package) is None:
            continue
        installed = metadata.version(package)
        if installed not in expected.specifier:
            raise InputError(
                f"{package} {installed} is installed, and the results of this study rest on "
                f"{str(expected.specifier).lstrip('=')} ({VERSIONS.name}). Run `make install`; "
                f"or, to move the study to {installed}, write the lock file again "
                "(CONTRIBUTING.md) and run it anew."
            )
