"""A trained run of the study as a model: the network that `train` has written.

Reads   params.yaml                       the run and its variant
        data/runs/<run>/weights.h5        the whole network
        metrics/calibration/<run>.json    temperature, where there is one
        metrics/test/<run>.json           the test score, where there is one
        metrics/study/study.json          what the data set is called
"""

from pathlib import Path

import numpy as np

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.networks import split_model
from fer_transfer.networks.building import WEIGHT_LOADING_ERRORS
from fer_transfer.networks.inference import open_engine
from fer_transfer.recognise.model import Model, Score, score_of
from fer_transfer.settings.settings import load_settings

TEST_SETS = {
    "FER2013": "FER2013's test set",
    "synthetic": "the test set of synthetic faces",
}
LEAST = np.finfo(np.float32).tiny  # a probability whose logarithm is finite


def run_names() -> list[str]:
    return list(load_settings().runs) if Path("params.yaml").exists() else []


def open_run(name: str) -> Model:
    """Rebuild a run's network, its preprocessing included, with what it learned."""
    weights = weights_of(name)
    engine = open_engine(build_network(name), "float32")

    def logits(face: np.ndarray) -> np.ndarray:
        [probabilities] = engine.compute(face[None])
        logits: np.ndarray = np.log(np.maximum(probabilities[0], LEAST))
        return logits

    temperature, remark = temperature_of(name)
    return Model(
        name=name,
        classes=EMOTIONS,
        logits=logits,
        temperature=temperature,
        score=test_score(name),
        key=state_key({"run": name, "temperature": temperature}, [weights]),
        remarks=tuple(filter(None, [remark])),
    )


def weights_of(name: str) -> Path:
    weights = Path(f"data/runs/{name}/weights.h5")
    if not weights.is_file():
        raise InputError(
            f"There is no {weights}: the run {name} has not been trained here. Train it by "
            f"`dvc repro train@{name}`, or fetch it by `dvc pull {weights}`."
        )
    return weights


def build_network(name: str) -> keras.Model:
    """Build a run's network, image in, probabilities out."""
    settings = load_settings()
    run = settings.runs[name]
    variant = settings.variants[run.variant]
    network = split_model.build(
        variant.backbone, variant.trainable_layers, dropout=run.dropout or 0
    ).whole
    try:
        network.load_weights(weights_of(name))
    except WEIGHT_LOADING_ERRORS as error:
        raise InputError(
            f"{weights_of(name)} does not hold the weights of {name} as params.yaml describes "
            f"it: {error}. Run `dvc repro train@{name}`."
        ) from error
    return network


def temperature_of(name: str) -> tuple[float, str]:
    """Return the run's temperature, and what is to be said of it."""
    file = Path(f"metrics/calibration/{name}.json")
    if not file.exists():
        return 1.0, f"not calibrated: there is no {file}, so the temperature is 1"
    temperature = files.read_json(file).get("temperature")
    if not isinstance(temperature, int | float) or not 0 < temperature < 100:
        raise InputError(
            f"`temperature` in {file} must be above 0 and below 100. Got {temperature!r} "
            "instead. Run `dvc repro` to write the file again."
        )
    return float(temperature), ""


def test_score(name: str) -> Score | None:
    file = Path(f"metrics/test/{name}.json")
    if not file.exists():
        return None
    test = files.read_json(file)["test"]
    return score_of(test_set(), test["images"], test["accuracy"])


def test_set() -> str:
    """Say whose test images the study's scores are of."""
    study = Path("metrics/study/study.json")
    data = files.read_json(study)["data"] if study.is_file() else ""
    return TEST_SETS.get(data, "the test set of its own study")
