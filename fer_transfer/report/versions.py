"""What the page says of the packages that made it."""

import platform
from importlib import metadata

from fer_transfer import environment

# Those that results depend on, and those that draw.
PACKAGES = (
    "tensorflow",
    "tf-keras",
    "openvino",
    "deepface",
    "numpy",
    "pandas",
    "scikit-learn",
    "h5py",
    "pillow",
    "dvc",
    "altair",
    "vl-convert-python",
    "jinja2",
)

SWITCH = {"0": "off", "1": "on"}


def installed() -> dict[str, str]:
    """Return the versions of Python and of the packages as installed here, and oneDNN's switch."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # OpenVINO is an extra
            found[package] = "not installed"
    # Whatever the processor and the user's environment say.
    found["oneDNN in TensorFlow"] = SWITCH[environment.SET["TF_ENABLE_ONEDNN_OPTS"]]
    return found
