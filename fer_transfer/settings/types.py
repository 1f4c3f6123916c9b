"""The types of settings, by which pydantic checks them; what is wrong completes "must be"."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field

from fer_transfer.settings.classifiers import CLASSIFIERS

MOST = 1_000_000  # a larger number is a typo
# What NumPy and scikit-learn take is below 2**32; stand-in weights and faces use the next one.
LAST_SEED = 2**32 - 2
HASH = re.compile("|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")


def _check(is_valid: Callable[[Any], object], wanted: str) -> AfterValidator:
    """Return what refuses other values; the error says what is wanted."""

    def check(value: Any) -> Any:
        if not is_valid(value):
            raise ValueError(wanted)
        return value

    return AfterValidator(check)


Count = Annotated[int, Field(ge=1, le=MOST)]
Number = Annotated[int, Field(ge=0, le=MOST)]
Seed = Annotated[int, Field(ge=0, le=LAST_SEED)]
Share = Annotated[float, Field(gt=0, lt=1)]
# The average moves at every fifth step, by five times the rate.
UpdateRate = Annotated[float, Field(gt=0, le=0.2)]
# A control character is in no path, and would end what prints it in a mess.
Text = Annotated[str, _check(str.isprintable, "text on one line")]
ModelFile = Annotated[
    str, _check(lambda path: path.endswith(".onnx"), "a path that ends in .onnx")
]
Hash = Annotated[
    str,
    _check(
        lambda text: HASH.fullmatch(text) is not None,
        "empty, `md5:` and 32 digits, or `sha256:` and 64, each 0-9 or a-f",
    ),
]
# A variant's or run's name is part of file names and of DVC's stage names. In lower case only, as
# some file systems take `A` and `a` for the same.
Name = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,59}$")]
Kind = TypeVar("Kind")
Listed = Annotated[dict[Name, Kind], _check(bool, "a mapping with at least one entry")]
Names = dict[Any, Annotated[str, _check(str.strip, "a mapping of labels to names")]]
Windows = Annotated[
    list[list[int]],
    _check(
        lambda windows: all(len(w) == 2 and 1 <= w[0] < w[1] for w in windows),
        "pairs of epochs, counted from 1, the first before the last, such as [1, 6]",
    ),
]
Precision = Literal["float32", "bfloat16"]
Classifiers = Annotated[
    list[str],
    _check(
        lambda names: 0 < len(set(names)) == len(names) and {*names} <= {*CLASSIFIERS},
        f"a list of {', '.join(CLASSIFIERS)}, without repetition, and not empty",
    ),
]
