"""A fitted classifier as dense layers on a backbone's vectors."""

import numpy as np
from sklearn.pipeline import Pipeline

from fer_transfer.classifiers.catalog import DenseLayers

# Of each layer the kernel (inputs, outputs) and the bias (outputs,).
Layers = list[tuple[np.ndarray, np.ndarray]]

UNSEEN = -1e4  # the logit of a class without training faces: its probability is 0


def layers_of(fitted: Pipeline, num_classes: int) -> Layers:
    """Return dense layers that give a fitted pipeline's logits, (n, num_classes), of raw vectors.

    The standardisation is part of the first layer.
    """
    scale, classifier = fitted["scale"], fitted["classify"]
    if isinstance(classifier, DenseLayers):
        layers = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    else:  # a linear one
        layers = [(classifier.coef_.T, classifier.intercept_)]
    (kernel, bias), *rest = layers
    scaled = kernel / scale.scale_[:, None]
    *hidden, (kernel, bias) = [(scaled, bias - scale.mean_ @ scaled), *rest]
    # Of two classes there is the logit of the second alone.
    with_logit = fitted.classes_[-len(bias) :]
    all_kernel = np.zeros((len(kernel), num_classes))
    all_bias = np.full(num_classes, UNSEEN)
    all_bias[fitted.classes_] = 0.0
    all_kernel[:, with_logit], all_bias[with_logit] = kernel, bias
    return [*hidden, (all_kernel, all_bias)]
