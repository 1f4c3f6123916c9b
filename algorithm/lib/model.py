"""Turn a fitted classifier into the model folder that `python -m tools.recognise` takes."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.pipeline import Pipeline

from algorithm.lib.dense import DenseLayers, Layers, fold_scaling
from fer_transfer.networks import split_model
from fer_transfer.recognise import model_folder, model_spec
from fer_transfer.recognise.model import score_of

Arrays = dict[str, np.ndarray]


def head_layers(fitted: Pipeline, num_classes: int) -> Layers:
    """Return a fitted head as dense layers on raw vectors: its standardisation is folded in.

    A class that it has not seen gets a bias so low that its probability is 0.
    """
    scale, classifier = fitted["scale"], fitted["classify"]
    if isinstance(classifier, DenseLayers):
        layers = classifier.arrays_
    else:  # logistic regression, which has one row for the second of two classes
        kernel, bias = classifier.coef_.T, classifier.intercept_
        if len(bias) == 1:
            kernel = np.concatenate([np.zeros_like(kernel), kernel], axis=1)
            bias = np.concatenate([[0.0], bias])
        layers = [(kernel, bias)]
    *hidden, (kernel, bias) = fold_scaling(layers, scale.mean_, scale.scale_)
    all_kernel = np.zeros((len(kernel), num_classes))
    all_bias = np.full(num_classes, -1e4)
    all_kernel[:, fitted.classes_], all_bias[fitted.classes_] = kernel, bias
    return [*hidden, (all_kernel, all_bias)]


def arrays(layers: Layers) -> Arrays:
    """Name the layers' arrays as a model folder does; float32."""
    names = model_spec.layer_names(len(layers))
    return {
        name: values.astype(np.float32)
        for pair, layer in zip(names, layers, strict=True)
        for name, values in zip(pair, layer, strict=True)
    }


def write_folder(
    folder: Path,
    backbone: str,
    weights: Path,
    head: Arrays,
    classes: list[str],
    temperature: float,
    test: dict[str, Any],
) -> None:
    """Write a model folder: a head on the backbone whose weights file this is."""
    network = split_model.build(backbone, 0, weights)
    said = {
        "classes": classes,
        "backbone": backbone,
        "backbone_sha256": model_folder.weights_hash(network.backbone),
        "temperature": temperature,
        "test": test,
        "probe": probe(network, head, temperature),
    }
    model_spec.write_spec(folder, said, head)


def probe(
    network: split_model.Network, head: Arrays, temperature: float
) -> list[list[float]]:
    """Return the probabilities by which another copy of the backbone is known."""
    vectors = model_folder.pooled_vectors(network)
    logits = [
        model_folder.head_logits(head, vectors(face))
        for face in model_folder.probe_faces()
    ]
    shares: list[list[float]] = softmax(np.stack(logits) / temperature, axis=1).tolist()
    return shares


def said_of_test(
    name: str, score: dict[str, Any], fresh: dict[str, Any]
) -> dict[str, Any]:
    """Return what model.json says of the test, the part without duplicates apart."""
    whole = score_of(name, score["faces"], score["accuracy"])
    return {
        "set": whole.test_set,
        "images": whole.images,
        "accuracy": whole.accuracy,
        "interval": [whole.low, whole.high],
        "without_duplicates": {
            "images": fresh["faces"],
            "accuracy": fresh["accuracy"],
        },
    }
