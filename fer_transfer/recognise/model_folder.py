"""A model folder: a small head on a frozen backbone's pooled vectors.

The folder holds `model.json` and the head's arrays. The backbone's published weights, too large
for Git, are fetched once by the catalog's pinned hash (or from FER_MIRROR), and compared by what
they hold: copies of them differ in bytes.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.special import softmax

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError
from fer_transfer.core.state import state_key
from fer_transfer.data import fetch
from fer_transfer.data.addresses import file_name
from fer_transfer.networks import building, split_model
from fer_transfer.networks.building import WEIGHT_LOADING_ERRORS
from fer_transfer.networks.inference import open_engine
from fer_transfer.recognise.model import Model, score_of
from fer_transfer.recognise.model_spec import (
    array_hash,
    count_layers,
    layer_names,
    read_spec,
)

logger = logging.getLogger(__name__)

Vectors = Callable[[np.ndarray], np.ndarray]  # grey (48, 48) uint8 -> (channels,)

FETCHED = Path("data/backbones")
# Of a probability, by other arrays of the same weights: what float32 rounds, and no more.
TOLERANCE = 1e-3


def open_folder(folder: Path) -> Model:
    """Open a model folder, and prove that its backbone is the one it was made with."""
    spec = read_spec(folder)
    backbone = spec.values["backbone"]
    network = pretrained(backbone)
    vectors = pooled_vectors(network)
    model = Model(
        name=folder.name,
        classes=tuple(spec.values["classes"]),
        logits=lambda face: head_logits(spec.arrays, vectors(face)),
        temperature=float(spec.values["temperature"]),
        score=score_of(
            spec.values["test"]["set"],
            spec.values["test"]["images"],
            float(spec.values["test"]["accuracy"]),
        ),
        key=state_key(
            {"backbone": weights_hash(network.backbone)},
            [folder / "model.json", folder / "arrays.npz"],
        ),
    )
    if weights_hash(network.backbone) == spec.values["backbone_sha256"]:
        return model
    return _other_copy(model, spec.values["probe"], backbone)


def head_logits(arrays: dict[str, np.ndarray], vector: np.ndarray) -> np.ndarray:
    """Apply the head to a vector (channels,): dense layers, ReLU between them."""
    *hidden, last = layer_names(count_layers(arrays))
    for kernel, bias in hidden:
        vector = np.maximum(vector @ arrays[kernel] + arrays[bias], 0)
    logits: np.ndarray = vector @ arrays[last[0]] + arrays[last[1]]
    return logits


def pooled_vectors(network: split_model.Network) -> Vectors:
    """Return what computes a face's vector: the backbone's last map, averaged."""
    engine = open_engine(network.frozen, "float32")
    return lambda face: engine.compute(face[None])[0][0]


def pretrained(backbone: str) -> split_model.Network:
    """Build a backbone with its published weights, fetched when first needed."""
    spec = building.spec_of(backbone)
    file = FETCHED / file_name(spec.weights_url)
    if not file.exists():
        fetch.fetch(spec.weights_url, spec.weights_hash, file)
    network = split_model.build(backbone, 0)
    try:
        base = building.build(backbone, file)
        network.backbone.set_weights(base.get_weights())
    except WEIGHT_LOADING_ERRORS as error:
        raise InputError(
            f"{file} does not hold the weights of {backbone}: {error}. Remove it: it is "
            "fetched again."
        ) from error
    return network


def weights_hash(model: keras.Model) -> str:
    """Hash a network's named arrays, whatever file they came from."""
    total = hashlib.sha256()
    for weight in model.weights:
        total.update(array_hash(weight.name, weight.numpy()).encode())
    return total.hexdigest()


def probe(
    network: split_model.Network, arrays: dict[str, np.ndarray], temperature: float
) -> list[list[float]]:
    """Return the probabilities by which another copy of the backbone is known."""
    vectors = pooled_vectors(network)
    logits = [head_logits(arrays, vectors(face)) for face in probe_faces()]
    probabilities: list[list[float]] = softmax(
        np.stack(logits) / temperature, axis=1
    ).tolist()
    return probabilities


def probe_faces() -> np.ndarray:
    """Return images (4, 48, 48) uint8 that any copy of a model must judge alike."""
    across = np.linspace(0, 255, 48)
    slope = np.add.outer(across, across) / 2
    waves = 127 + 127 * np.sin(np.outer(across, across) / 3000)
    checks = 255 * (np.indices((48, 48)).sum(0) // 8 % 2)
    return np.stack([slope, 255 - slope, waves, checks]).astype(np.uint8)


def _other_copy(model: Model, probe: list[list[float]], backbone: str) -> Model:
    """Accept another copy of the backbone's weights if it gives the same probabilities."""
    found = np.stack([model.probabilities(face) for face in probe_faces()])
    expected = np.array(probe, dtype=float)
    difference = (
        float(np.abs(found - expected).max()) if expected.shape == found.shape else 1.0
    )
    if not difference <= TOLERANCE:
        raise InputError(
            f"The weights of {backbone} in {FETCHED} are not those that {model.name} was made "
            f"with: their hash is another, and so are the probabilities (by up to "
            f"{difference:.2g}; expected at most {TOLERANCE:g}). Remove that folder, so that "
            "they are fetched again, and check FER_MIRROR."
        )
    remark = (
        f"the weights of {backbone} are another copy than the model was made with; on the "
        f"probe's images its probabilities differ by at most {difference:.1g}"
    )
    logger.info("Note: %s.", remark)
    return Model(**{**model.__dict__, "remarks": (*model.remarks, remark)})
