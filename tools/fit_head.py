"""Fit a small head on a frozen backbone's vectors: the model folder that `recognise` reads.

Not a stage of dvc.yaml: `python -m tools.fit_head VARIANT FOLDER` makes `models/default`. The
variant has `weights: pretrained` and `trainable_layers: 0`, so that its features are vectors.

Reads   data/features/<variant>/0.npy  vectors (N, channels), as `features@<variant>` writes them
        data/weights/<variant>.h5      the backbone that computed them
        data/labels.npz, data/split.npz
Params  the variant
Writes  <folder>/model.json, <folder>/arrays.npz
"""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from stages.lib.networks.runtime import keras
from stages.lib.core import console, files
from stages.lib.core.errors import InputError
from stages.lib.features.feature_store import open_features
from stages.lib.networks import split_model
from stages.lib.scoring import scores
from stages.lib.study.fer2013 import EMOTIONS
from stages.lib.study.settings import Variant, load_settings
from tools.recognise import model_folder, model_spec
from tools.recognise.model import score_of

logger = logging.getLogger(__name__)

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03)  # C: smaller is a stronger penalty
STEPS = 500  # of the optimizer, at most

Sets = dict[str, np.ndarray]  # train, val, test: rows


def fit(vectors: np.ndarray, labels: np.ndarray, split: Sets) -> dict[str, np.ndarray]:
    """Fit logistic regressions, and return the head that predicts the validation set best."""
    scaler = StandardScaler().fit(vectors[split["train"]])
    train, best, least = scaler.transform(vectors[split["train"]]), {}, np.inf
    for strength in STRENGTHS:
        fitted = LogisticRegression(C=strength, max_iter=STEPS)
        fitted.fit(train, labels[split["train"]])
        head = _on_raw_vectors(scaler, fitted)
        logits = vectors[split["val"]] @ head["kernel"] + head["bias"]
        loss = scores.cross_entropy(labels[split["val"]], softmax(logits, axis=1))
        logger.info("C = %g: validation loss %.4f.", strength, loss)
        if loss < least:
            best, least = head, loss
    return best


def _on_raw_vectors(
    scaler: StandardScaler, fitted: LogisticRegression
) -> dict[str, np.ndarray]:
    """Fold the standardisation into the layer: one product less, and one file."""
    kernel = fitted.coef_.T / scaler.scale_[:, None]
    bias = fitted.intercept_ - scaler.mean_ @ kernel
    return {"kernel": kernel.astype(np.float32), "bias": bias.astype(np.float32)}


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return what logits (n, classes) must be divided by to be as sure as they are right."""

    def loss(log_temperature: float) -> float:
        shares = softmax(logits / np.exp(log_temperature), axis=1)
        return scores.cross_entropy(labels, shares)

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def describe(
    variant: Variant,
    backbone: keras.Model,
    logits: np.ndarray,
    labels: np.ndarray,
    split: Sets,
) -> dict[str, Any]:
    """Say what model.json says of a head, the probe apart."""
    test = split["test"]
    right = logits[test].argmax(axis=1) == labels[test]
    score = score_of("FER2013's test set", len(test), float(right.mean()))
    alone = ~split["test_has_duplicate"]
    return {
        "classes": list(EMOTIONS),
        "backbone": variant.backbone,
        "backbone_sha256": model_folder.weights_hash(backbone),
        "temperature": temperature(logits[split["val"]], labels[split["val"]]),
        "test": {
            "set": score.test_set,
            "images": score.images,
            "accuracy": score.accuracy,
            "interval": [score.low, score.high],
            "without_duplicates": {
                "images": int(alone.sum()),
                "accuracy": float(right[alone].mean()),
            },
        },
    }


def probe(
    network: split_model.Network, head: dict[str, np.ndarray], temperature: float
) -> list[list[float]]:
    """Return the probabilities by which another copy of the backbone is known."""
    vectors = model_folder.pooled_vectors(network)
    faces = model_folder.probe_faces()
    logits = [model_folder.head_logits(head, vectors(face)) for face in faces]
    shares: list[list[float]] = softmax(np.stack(logits) / temperature, axis=1).tolist()
    return shares


def main(name: str, folder: str) -> None:
    variant = load_settings().variants[name]
    if variant.weights != "pretrained" or variant.trainable_layers != 0:
        raise InputError(
            f"`variants.{name}` in params.yaml must have `weights: pretrained` and "
            "`trainable_layers: 0`: a model folder holds a head alone, and its backbone is "
            "fetched. Name such a variant, or add one."
        )
    vectors = np.asarray(open_features(Path(f"data/features/{name}"))[0])
    labels = files.read_npz(Path("data/labels.npz"))["labels"]
    split = files.read_npz(Path("data/split.npz"))
    head = fit(vectors, labels, split)
    logits = vectors @ head["kernel"] + head["bias"]
    weights = Path(f"data/weights/{name}.h5")
    network = split_model.build(variant.backbone, 0, weights)
    said = describe(variant, network.backbone, logits, labels, split)
    said["probe"] = probe(network, head, said["temperature"])
    model_spec.write_spec(Path(folder), said, head)
    logger.info("%s: test accuracy %.4f.", folder, said["test"]["accuracy"])


if __name__ == "__main__":
    console.run(main, *sys.argv[1:])
