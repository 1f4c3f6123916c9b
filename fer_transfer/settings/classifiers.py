"""The names of classifiers, by which fer_transfer/classifiers/catalog.py makes them.

Stages depend on this module, as no other of its package: it says which of them are tried and kept.
"""

CLASSIFIERS = {
    "dense": "Dense layers",
    "logistic": "Logistic regression",
    "linear-svm": "Linear SVM",
    "rbf-svm": "SVM, RBF kernel",
    "knn": "k nearest neighbours",
    "lda": "Linear discriminant analysis",
    "boosting": "Gradient boosting",
}
BASELINES = {"majority": "Majority class", "prior": "Class prior"}
TITLES = {**BASELINES, **CLASSIFIERS}

# A model holds dense layers: the others' would hold training vectors or trees.
PORTABLE = ("dense", "logistic", "lda", "linear-svm")
