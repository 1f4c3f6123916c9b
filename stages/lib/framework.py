"""TensorFlow and Keras, imported without what they print before anyone can ask them not to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


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
# missing device when it first looks.
with _quiet_standard_error():
    import tensorflow as tf
    import tf_keras as keras

    HAS_GPU = bool(tf.config.list_physical_devices("GPU"))

__all__ = ["HAS_GPU", "keras", "tf"]
