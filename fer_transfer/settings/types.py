"""The types of settings, by which pydantic checks them; what is wrong completes "must be"."""

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field

MOST = 1_000_000  # more of anything is a typing error
# What NumPy and scikit-learn take is below 2**32; stand-in weights and faces use the next one.
LAST_SEED = 2**32 - 2
HASH = re.compile("|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", re.IGNORECASE)


def _one_line(text: str) -> str:
    # A control character is in no path, and would end what prints it in a mess.
    if not text.isprintable():
        raise ValueError("text on one line")
    return text


def _known_hash(text: str) -> str:
    if not HASH.fullmatch(text):
        raise ValueError(
            "empty, `md5:` and 32 digits, or `sha256:` and 64, each 0-9 or a-f"
        )
    return text


def _model_file(text: str) -> str:
    if not text.endswith(".onnx"):
        raise ValueError("a path that ends in .onnx")
    return text


def _windows(windows: list[list[int]]) -> list[list[int]]:
    if not all(len(pair) == 2 and 1 <= pair[0] < pair[1] for pair in windows):
        raise ValueError(
            "pairs of epochs, counted from 1, the first before the last, such as [1, 6]"
        )
    return windows


def _at_least_one(entries: dict[str, Any]) -> dict[str, Any]:
    if not entries:
        raise ValueError("a dictionary with an entry or more")
    return entries


def _without_repetition(names: list[Any]) -> list[Any]:
    if not names or len(set(names)) < len(names):
        raise ValueError("a list without repetition, and not empty")
    return names


Count = Annotated[int, Field(ge=1, le=MOST)]
Number = Annotated[int, Field(ge=0, le=MOST)]
Seed = Annotated[int, Field(ge=0, le=LAST_SEED)]
Share = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, AfterValidator(_one_line)]
ModelFile = Annotated[str, AfterValidator(_model_file)]
Hash = Annotated[str, AfterValidator(_known_hash)]
# A variant's or run's name is part of file names and of DVC's stage names. In lower case only, as
# some file systems take `A` and `a` for the same.
Name = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,59}$")]
Kind = TypeVar("Kind")
Listed = Annotated[dict[Name, Kind], AfterValidator(_at_least_one)]
Names = dict[Any, Annotated[str, Field(pattern=r"\S")]]
Windows = Annotated[list[list[int]], AfterValidator(_windows)]
Precision = Literal["float32", "bfloat16"]
Classifier = Literal[
    "dense", "logistic", "linear-svm", "rbf-svm", "knn", "lda", "boosting"
]
Classifiers = Annotated[list[Classifier], AfterValidator(_without_repetition)]
