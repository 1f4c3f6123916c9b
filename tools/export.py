"""Write a trained run as one ONNX file: grey faces in, calibrated probabilities out.

    python -m tools.export RUN

Not a stage of dvc.yaml. It scores the file that it writes, its weights rounded to float16, on the
run's test images, and compares its probabilities with the pipeline's.

Reads   data/faces/                        images.npy, faces.csv, classes.json
        data/splits/<split>.npz            test
        data/runs/<run>/                   weights.h5, probabilities.npz
        metrics/calibration/<run>.json     temperature
Params  the run and its variant
Writes  exported/<run>.onnx                a model of `fer-recognise --model`
"""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np

from fer_transfer.networks.runtime import keras
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.networks import onnx_export, split_model
from fer_transfer.networks.building import WEIGHT_LOADING_ERRORS
from fer_transfer.recognise import metadata
from fer_transfer.scoring.calibration import with_temperature
from fer_transfer.settings.settings import Run, load_settings

logger = logging.getLogger(__name__)

# Of the mean difference to the pipeline's probabilities. Rounding stays far below, a wrong
# translation far above.
TOLERANCE = 0.01


def main(name: str) -> None:
    run = load_settings().runs[name]
    known = faces.read()
    temperature = read_temperature(name)
    model = onnx_export.to_onnx(build_network(name, run, len(known.classes)))
    onnx_export.calibrate(model, temperature)

    test = files.read_npz(Path(f"data/splits/{run.split}.npz"))["test"]
    found = onnx_export.predict(
        onnx_export.finish(model, {}), faces.read_images()[test]
    )
    expected = files.read_npz(Path(f"data/runs/{name}/probabilities.npz"))["test"]
    check(found, with_temperature(expected, temperature))

    described = metadata.Metadata(
        name=name,
        classes=known.classes,
        temperature=temperature,
        data=f"{known.name}; {describe_start(run)}",
        licence="MIT, apart from what the data and the first weights ask for (data/README.md)",
        run=name,
        commit=commit(),
        scores=metadata.score(
            f"{known.name}'s test set ({run.split})",
            known.classes,
            known.labels[test].astype(int),
            found.argmax(axis=1),
        ),
    )
    target = Path("exported") / f"{name}.onnx"
    with files.atomic_write(target) as part:
        part.write_bytes(onnx_export.finish(model, described.properties()))
    size = target.stat().st_size / 1e6
    logger.info("%s: %.1f MB, %s.", target, size, described.accuracy)


def build_network(name: str, run: Run, num_classes: int) -> keras.Model:
    """Build a run's network, image in, probabilities out, with its trained weights."""
    variant = load_settings().variants[run.variant]
    weights = Path(f"data/runs/{name}/weights.h5")
    if not weights.is_file():
        raise InputError(
            f"There is no {weights}: the run {name} has not been trained here. Train it by "
            f"`dvc repro train@{name}`, or fetch it by `dvc pull {weights}`."
        )
    network = split_model.build(
        variant.backbone,
        variant.trainable_layers,
        num_classes=num_classes,
        dropout=run.dropout or 0,
    ).whole
    try:
        network.load_weights(weights)
    except WEIGHT_LOADING_ERRORS as error:
        raise InputError(
            f"{weights} does not hold the weights of {name} as params.yaml describes it: "
            f"{error}. Run `dvc repro train@{name}`."
        ) from error
    return network


def read_temperature(name: str) -> float:
    file = Path(f"metrics/calibration/{name}.json")
    if not file.exists():
        raise InputError(f"There is no {file}. Run `dvc repro evaluate@{name}`.")
    temperature = files.read_json(file).get("temperature")
    if not isinstance(temperature, int | float) or not 0 < temperature <= 100:
        raise InputError(
            f"`temperature` in {file} must be above 0 and at most 100. Got {temperature!r} "
            f"instead. Run `dvc repro evaluate@{name}` to write the file again."
        )
    return float(temperature)


def check(found: np.ndarray, expected: np.ndarray) -> None:
    """Compare the file's probabilities (n, classes) with the pipeline's.

    Raises:
        InputError: If they differ by more than the rounding of weights explains.
    """
    difference = float(np.abs(found - expected).mean())
    if not difference <= TOLERANCE:
        raise InputError(
            f"The ONNX file's probabilities differ from the pipeline's by {difference:.2g} on "
            f"average: expected at most {TOLERANCE:g}, so nothing was written. Train the run "
            "again (`dvc repro`) if its weights or its test images have changed."
        )


def describe_start(run: Run) -> str:
    variant = load_settings().variants[run.variant]
    return f"{variant.backbone} started from {variant.weights} weights"


def commit() -> str:
    """Return the commit of the code, or nothing outside a Git repository."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.stdout.strip()


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
