"""The sections of params.yaml about classifiers: searches, augmented views, what is tried."""

from params import Param, Params

# Named here, free of TensorFlow and scikit-learn: fer_transfer/classifiers/catalog.py makes them.
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

# A model holds dense layers: an SVM's or kNN's would hold training images.
PORTABLE = ("dense", "logistic")


class Views(Params):
    """The augmented views of each training face, and their largest changes."""

    number: int = Param(1, dtype=int, low=0, high=100)
    balance: bool = Param(False, dtype=bool)
    flip: bool = Param(True, dtype=bool)
    shift: int = Param(2, dtype=int, low=0, high=24)  # pixels of 48
    rotation: int = Param(10, dtype=int, low=0, high=180)  # degrees
    scale: int = Param(10, dtype=int, low=0, high=90)  # per cent
    brightness: int = Param(20, dtype=int, low=0, high=100)  # per cent


class Choose(Params):
    """The search among classifiers."""

    folds: int = Param(5, dtype=int, low=2, high=20)
    classifiers: list[str] = Param(
        list(CLASSIFIERS), dtype=list, one_of=tuple(CLASSIFIERS)
    )
    minutes: int = Param(60, dtype=int, low=1, high=1_000_000)
    largest: int = Param(8000, dtype=int, low=100, high=1_000_000)


class Search(Params):
    """A search among classifiers: on the vectors of a frozen variant, on one split.

    `backbone` repeats the variant's: dvc.yaml names what a search depends on by it.
    """

    variant: str = Param("", dtype=str)
    backbone: str = Param("", dtype=str)
    split: str = Param("", dtype=str)
