"""What a user's environment and home may say without changing a result.

`isolate` runs when `stages` or `tools` is imported, before every library that reads the
environment. What could change a result is taken out, whatever its value. What says how much is
printed stays, as it changes none; so does what says how many threads there are and which GPU, on
which the last digits of trained weights depend (docs/sharing.md says by how much).
"""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]

# Settings of the libraries that compute and draw, by how their names begin.
CHANGES_RESULTS = (
    "DNNL_",
    "KERAS_",
    "MATPLOTLIBRC",
    "MLIR_",
    "MPLBACKEND",
    "NPY_",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_",
    "OPENBLAS_",
    "OPENVINO_",
    "OV_",
    "PANDAS_",
    "SCIPY_",
    "SKLEARN_",
    "TF2_",
    "TF_",
    "XLA_",
)
HARMLESS = (
    "OPENBLAS_NUM_THREADS",
    "TF_CLI_",  # Terraform's, as is TF_VAR_
    "TF_CPP_",  # what TensorFlow logs
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "TF_GPU_ALLOCATOR",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_VAR_",
)
SET = {
    # deepface and params-flow are written for Keras 2, which TensorFlow takes from tf-keras.
    "TF_USE_LEGACY_KERAS": "1",
    # Otherwise TensorFlow chooses by the processor, and the bits of what it computes with it.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF2_BEHAVIOR": "1",  # TensorFlow's own default, which it sets for its children
    # A folder without keras.json: the user's says which floats and which order of channels.
    "KERAS_HOME": os.devnull,
    # deepface makes a folder for its weights when it is imported: keep it inside the project.
    "DEEPFACE_HOME": str(Path("data").resolve()),
}

dropped: list[str] = []  # the variables that were taken out


def isolate() -> None:
    """Take out of the environment what could change a result, and set what decides it."""
    if sys.flags.optimize > 1:
        sys.exit(
            "error: Python runs without docstrings (PYTHONOPTIMIZE=2, or -OO), which TensorFlow "
            "and SciPy need. Run `unset PYTHONOPTIMIZE`, then `dvc repro` again."
        )
    for name, value in list(os.environ.items()):
        if (
            name.startswith(CHANGES_RESULTS)
            and not name.startswith(HARMLESS)
            and SET.get(name) != value
        ):
            dropped.append(name)
            del os.environ[name]
    os.environ.update(SET)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _drop_python_path()


def _drop_python_path() -> None:
    """Let no folder of PYTHONPATH stand before the packages that `make install` put in place."""
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    for folder in {os.path.abspath(folder) for folder in folders if folder}:  # noqa: PTH100  # as Python does, links and all
        if folder in sys.path and Path(folder) not in (PROJECT, Path.cwd()):
            sys.path.remove(folder)
            dropped.append(f"{folder} of PYTHONPATH")
