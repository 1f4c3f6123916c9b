"""Write a trained run as one ONNX file: an image in, probabilities out (`python -m tools.export RUN`).

Not a stage of dvc.yaml. It needs tf2onnx, of the extra `export`, which `make install` brings.

Reads   data/runs/<run>/weights.h5         the whole network
        data/runs/<run>/probabilities.npz, data/images.npz, data/split.npz
                                           what the pipeline says of test images: the check
        metrics/calibration/<run>.json, metrics/test/<run>.json  where they are there
Params  the run and its variant
Writes  exported/<run>/model.onnx          image: (N, 48, 48) uint8, grey levels of a face;
                                           probabilities: (N, 7) float32, temperature 1
        exported/<run>/model.json          class names, input, temperature, test score, hash
"""

import hashlib
import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS, IMAGE_SIZE
from fer_transfer.recognise import model_spec, study_run
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)

OPSET = 17  # of ONNX: onnxruntime reads it from 1.12 on
CHECKED = 64  # test images
TOLERANCE = 1e-4  # of a probability


def to_onnx(network: keras.Model) -> bytes:
    """Translate a network, image in, probabilities out."""
    import tf2onnx

    image = tf.TensorSpec((None, IMAGE_SIZE, IMAGE_SIZE), tf.uint8, name="image")

    def predict(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": network(image, training=False)}

    traced = tf.function(predict, input_signature=[image])
    translated, _ = tf2onnx.convert.from_function(traced, [image], opset=OPSET)
    content: bytes = translated.SerializeToString()
    return content


def difference(onnx: bytes, images: np.ndarray, expected: np.ndarray) -> float:
    """Return by how much the file's probabilities of images (n, 48, 48) differ at most."""
    import onnxruntime

    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    [found] = session.run(["probabilities"], {"image": images})
    return float(np.abs(found - expected).max())


def pipeline_probabilities(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return test images (n, 48, 48) and what the pipeline says of them, (n, 7)."""
    rows = files.read_npz(Path("data/split.npz"))["test"][:CHECKED]
    images = files.read_npz(Path("data/images.npz"))["pixels"][rows]
    probabilities = files.read_npz(Path(f"data/runs/{name}/probabilities.npz"))
    return images, probabilities["test"][:CHECKED]


def describe(name: str, onnx: bytes, checked: float) -> dict[str, Any]:
    settings = load_settings()
    run = settings.runs[name]
    temperature, remark = study_run.temperature_of(name)
    score = study_run.test_score(name)
    return {
        "format": "fer-transfer onnx 1",
        "run": name,
        "variant": run.variant,
        "backbone": settings.variants[run.variant].backbone,
        "classes": list(EMOTIONS),
        **model_spec.INPUT,
        "scaling": "uint8 grey levels 0 to 255; the file holds the backbone's own scaling",
        "input": "image",
        "output": "probabilities",
        "temperature": temperature,
        "temperature_remark": remark or "softmax(log(probabilities) / temperature)",
        "test": score._asdict() if score else None,
        "differs_from_the_pipeline_by": checked,
        "sha256": hashlib.sha256(onnx).hexdigest(),
    }


def main(name: str) -> None:
    if find_spec("tf2onnx") is None:
        raise InputError(
            "The translation to ONNX needs tf2onnx, which is not installed. Run `make install`."
        )
    load_settings().runs[
        name
    ]  # a name that is none is an error before TensorFlow works
    onnx = to_onnx(study_run.build_network(name))
    checked = difference(onnx, *pipeline_probabilities(name))
    if not checked <= TOLERANCE:
        raise InputError(
            f"The ONNX file's probabilities differ from the pipeline's by {checked:.2g}: "
            f"expected at most {TOLERANCE:g}, so nothing was written. A run in bfloat16 differs "
            "by more: train it in float32 (`precision` of its variant)."
        )
    folder = Path("exported") / name
    with files.atomic_write(folder / "model.onnx") as part:
        part.write_bytes(onnx)
    files.write_json(folder / "model.json", describe(name, onnx, checked))
    logger.info("%s/model.onnx: within %.1g of the pipeline.", folder, checked)


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
