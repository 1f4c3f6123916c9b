"""Runs before any test module is imported."""

import stages  # noqa: F401  # chooses Keras 2, which must come before TensorFlow
