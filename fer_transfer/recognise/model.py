"""A model is one ONNX file: faces in, calibrated probabilities out; its metadata say the rest."""

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime

from fer_transfer.console.errors import InputError
from fer_transfer.recognise import metadata

# In a wheel the default model lies beside this module, in a checkout in models/default.
IN_WHEEL = Path(__file__).with_name("model.onnx")
IN_CHECKOUT = Path(__file__).parents[2] / "models/default/model.onnx"


class Model:
    """A model file, opened. Threads may share it."""

    def __init__(self, path: str | Path) -> None:
        """Open an ONNX file, for one core: several photos at a time use the others.

        Raises:
            InputError: If it is not a model file of this program.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            content = Path(path).read_bytes()
            providers = ["CPUExecutionProvider"]
            self.session = onnxruntime.InferenceSession(content, options, providers)
        except Exception as error:  # onnxruntime has no common class of its errors
            why = " ".join(str(error).split())[:200]
            raise InputError(
                f"{path} is not an ONNX file that can be read: {why}. --model must be an ONNX file; "
                "for a trained run of the study `python -m tools.export RUN` writes it."
            ) from None
        properties = self.session.get_modelmeta().custom_metadata_map
        self.metadata = metadata.read(properties, str(path))
        self.key = hashlib.sha256(content).hexdigest()
        try:
            shape = self.probabilities(np.zeros((48, 48), np.uint8)).shape
            classes = self.metadata.classes
            fits = bool(self.metadata.accuracy) and shape == (len(classes),)
            fits &= set(self.metadata.scores["by_class"]) == set(classes)
        except Exception:  # onnxruntime's, or that of scores that lack something
            fits = False
        if not fits:
            raise InputError(
                f"{path} does not match its metadata: expected `image` (n, 48, 48) uint8 in, "
                "`probabilities` of its classes (n, classes) out, and `scores` with an interval and "
                "by class. Write it again by `python -m tools.export`."
            )

    def probabilities(self, face: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities (classes,) float32 of a grey face (48, 48) uint8.

        One face a call: neither the order nor the number of the others changes a digit.
        """
        [probabilities] = self.session.run(["probabilities"], {"image": face[None]})
        return np.asarray(probabilities[0])


def default_model() -> Path:
    return IN_WHEEL if IN_WHEEL.exists() else IN_CHECKOUT
