"""The classifiers that `choose.classifiers` may name; free of TensorFlow and scikit-learn."""

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

# What a model folder can hold: arrays and JSON. An SVM's and kNN's would be training images.
PORTABLE = ("dense", "logistic")
