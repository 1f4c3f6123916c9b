"""A fitted classifier as dense layers on a backbone's vectors."""

import numpy as np
from sklearn.pipeline import Pipeline

from fer_transfer.classifiers.dense import DenseLayers, Layers

UNSEEN = -1e4  # the logit of a class without training faces: its probability is 0


def layers_of(fitted: Pipeline, num_classes: int) -> Layers:
    """Return dense layers that give a fitted pipeline's logits, (n, num_classes), of raw vectors.

    The standardisation is part of the first layer.
    """
    scale, classifier = fitted["scale"], fitted["classify"]
    if isinstance(classifier, DenseLayers):
        layers = classifier.layers_
    else:  # logistic regression; of two classes it has the second's row alone
        kernel, bias = classifier.coef_.T, classifier.intercept_
        if len(bias) == 1:
            kernel = np.concatenate([np.zeros_like(kernel), kernel], axis=1)
            bias = np.concatenate([[0.0], bias])
        layers = [(kernel, bias)]
    (kernel, bias), *rest = layers
    scaled = kernel / scale.scale_[:, None]
    *hidden, (kernel, bias) = [(scaled, bias - scale.mean_ @ scaled), *rest]
    all_kernel = np.zeros((len(kernel), num_classes))
    all_bias = np.full(num_classes, UNSEEN)
    all_kernel[:, fitted.classes_], all_bias[fitted.classes_] = kernel, bias
    return [
        (kernel.astype(np.float32), bias.astype(np.float32))
        for kernel, bias in [*hidden, (all_kernel, all_bias)]
    ]
