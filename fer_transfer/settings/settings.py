"""params.yaml as typed params-flow `Params`; a misspelt key or an impossible value is an error."""

import re
from pathlib import Path
from typing import Any

# params-flow's own Params come from this package, which spares the light stages TensorFlow.
from params import Param, Params
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from fer_transfer.console.errors import InputError, shown
from fer_transfer.data.emotions import NUMBERINGS
from fer_transfer.settings import checks
from fer_transfer.settings.searches import Choose, Search, Views
from fer_transfer.settings.validation import NamedSection, check_keys, section

# More of anything is a typing error.
MOST = 1_000_000
# What NumPy and scikit-learn take is below 2**32; stand-in weights and faces use the next one.
LAST_SEED = 2**32 - 2

# Of readers/sources.py and of detection/detectors.py, whose libraries settings do not need.
LAYOUTS = ("csv", "manifest", "class-folders")
DETECTORS = ("centerface", "haar")
PRECISIONS = ("float32", "bfloat16")

# A variant's or run's name is part of file names and of DVC's stage names. In lower case only, as
# some file systems take `A` and `a` for the same.
NAME = re.compile("[a-z0-9][a-z0-9_-]{0,59}")


class Data(Params):
    """Where the faces come from, how they are read, and whether FER+ is wanted beside them."""

    source: str = Param("kaggle", dtype=str)
    watch: str = Param("", dtype=str)
    hash: str = Param("", dtype=str)
    layout: str = Param("auto", dtype=str, one_of=("auto", *LAYOUTS))
    detector: str = Param("none", dtype=str, one_of=("none", *DETECTORS))
    convert: bool = Param(False, dtype=bool)
    numbering: str = Param("none", dtype=str, one_of=("none", *NUMBERINGS))
    map: dict[str, str] = Param({}, dtype=dict)
    ferplus: bool = Param(False, dtype=bool)


class Synthetic(Params):
    """The synthetic faces of the demo."""

    images: int = Param(112, dtype=int, low=70, high=MOST)
    identities: int = Param(8, dtype=int, low=2, high=MOST)
    pretraining_steps: int = Param(6, dtype=int, low=1, high=MOST)
    seed: int = Param(42, dtype=int, low=0, high=LAST_SEED)


class Split(Params):
    """How the faces are split: `random` by shares (section 3.1), by `parts` as published, by `person`.

    `val` and `test` are shares of all faces. By parts, they are split off only where the data come
    without that set. As behind the paper's `tables`, validation and test are the same images.
    """

    by: str = Param("random", dtype=str, one_of=("random", "parts", "person", "tables"))
    val: float | None = Param(None, dtype=float, low=0, high=1)
    test: float | None = Param(None, dtype=float, low=0, high=1)
    seed: int = Param(42, dtype=int, low=0, high=LAST_SEED)


class Weights(Params):
    """The weights a variant starts from."""

    pretrained: str = Param("official", dtype=str, one_of=("official", "stand-in"))


class Compute(Params):
    """How the frozen pass and training compute."""

    precision: str = Param("float32", dtype=str, one_of=PRECISIONS)


class Features(Params):
    """The pass through the frozen part."""

    batch_size: int = Param(64, dtype=int, low=1, high=MOST)


class Train(Params):
    """The training of the layers that are not frozen (section 4)."""

    epochs: int = Param(20, dtype=int, low=1, high=MOST)
    batch_size: int = Param(32, dtype=int, low=1, high=MOST)
    learning_rate: float = Param(1e-4, dtype=float, low=0, high=1)


class Tables(Params):
    """The windows of Tables 2-5: the first and the last epoch of each (C3)."""

    windows: list[list[int]] = Param([[1, 6]], dtype=list)


class Variant(Params):
    """A network at its start: its backbone, its weights, and how many of its layers train.

    `trainable_layers` is a number, 0 for the head alone, or `all` (C5). `seed` draws a random
    variant's initial values; a pretrained one has none.
    """

    backbone: str = Param("", dtype=str)
    weights: str = Param("", dtype=str, one_of=("pretrained", "random"))
    trainable_layers: int | str = Param(
        4, dtype=(int, str), low=0, high=MOST, one_of=("all",)
    )
    seed: int | None = Param(None, dtype=int, low=0, high=LAST_SEED)
    size: int | None = Param(None, dtype=int, low=1, high=1024)
    precision: str | None = Param(None, dtype=str, one_of=PRECISIONS)


class Run(Params):
    """One training: a variant, a split and a seed (C8), and what departs from `train`, if anything.

    `backbone` repeats the variant's: dvc.yaml names what a run depends on by it.
    """

    variant: str = Param("", dtype=str)
    backbone: str = Param("", dtype=str)
    split: str = Param("", dtype=str)
    seed: int = Param(42, dtype=int, low=0, high=LAST_SEED)
    learning_rate: float | None = Param(None, dtype=float, low=0, high=1)
    dropout: float | None = Param(None, dtype=float, low=0, high=1)
    train_share: float | None = Param(None, dtype=float, low=0, high=1)
    epochs: int | None = Param(None, dtype=int, low=1, high=MOST)
    batch_size: int | None = Param(None, dtype=int, low=1, high=MOST)
    labels: str | None = Param(None, dtype=str, one_of=("fer2013", "ferplus", "both"))
    augment: bool | None = Param(None, dtype=bool)
    optimizer: str | None = Param(None, dtype=str, one_of=("adam", "adamw"))
    weight_decay: float | None = Param(None, dtype=float, low=0, high=1)
    schedule: str | None = Param(None, dtype=str, one_of=("constant", "cosine"))
    label_smoothing: float | None = Param(None, dtype=float, low=0, high=1)
    class_weight: str | None = Param(None, dtype=str, one_of=("none", "balanced"))
    average: float | None = Param(None, dtype=float, low=0, high=1)


class Settings(Params):
    """All of params.yaml."""

    data: Data = Param(None, dtype=Data)
    synthetic: Synthetic = Param(None, dtype=Synthetic)
    splits: dict[str, Split] = Param(None, dtype=NamedSection)
    weights: Weights = Param(None, dtype=Weights)
    compute: Compute = Param(None, dtype=Compute)
    features: Features = Param(None, dtype=Features)
    train: Train = Param(None, dtype=Train)
    tables: Tables = Param(None, dtype=Tables)
    variants: dict[str, Variant] = Param(None, dtype=NamedSection)
    runs: dict[str, Run] = Param(None, dtype=NamedSection)
    views: Views = Param(None, dtype=Views)
    choose: Choose = Param(None, dtype=Choose)
    searches: dict[str, Search] = Param(None, dtype=NamedSection)


SECTIONS = {
    "data": Data,
    "synthetic": Synthetic,
    "weights": Weights,
    "compute": Compute,
    "features": Features,
    "train": Train,
    "tables": Tables,
    "views": Views,
    "choose": Choose,
}


NAMED = {"splits": Split, "variants": Variant, "runs": Run, "searches": Search}


def load_settings(path: Path = Path("params.yaml")) -> Settings:
    """Read the settings of the study.

    Raises:
        InputError: If a key is unknown or missing, a value has the wrong type or range, or
            two values contradict each other.
    """
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise InputError(
            f"{path} must be a mapping of sections. Got {shown(values)} instead."
        )
    check_keys(values, [*SECTIONS, *NAMED], "")
    sections = {
        name: section(kind, values[name], name) for name, kind in SECTIONS.items()
    }
    named = {name: _named(kind, values[name], name) for name, kind in NAMED.items()}
    settings = Settings(**sections, **named)
    checks.check(settings)
    return settings


def read_yaml(path: Path) -> Any:
    """Read a file as DVC does; what is not YAML is an InputError that says where."""
    try:
        # YAML 1.2, as DVC reads it: in 1.1, `1e-4` would be text and `off` a truth value.
        return YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(
            f"There is no {path} in this folder. Run from the project's top folder."
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(
            f"{path}{where} is not valid YAML: {error.problem or error.context}. Correct the "
            "line, or take it from Git's history."
        ) from None
    except (YAMLError, RecursionError, ValueError, TypeError) as error:
        # ValueError: not text, or a number of thousands of digits; TypeError: an odd key.
        raise InputError(
            f"{path} is not YAML that can be read: {shown(str(error))}. Take the file from "
            "Git's history."
        ) from None


def _named(kind: type[Params], values: Any, where: str) -> NamedSection:
    if not isinstance(values, dict) or not (values or where == "searches"):
        raise InputError(
            f"`{where}` in params.yaml must name at least one. Got {shown(values)} instead."
        )
    for name in values:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InputError(
                f"`{where}` in params.yaml has an entry {shown(name)}. A name becomes part of "
                "file names: it must be 1 to 60 of a-z, 0-9, `-` and `_`, and begin with a "
                "letter or digit."
            )
    return NamedSection(
        where,
        {name: section(kind, one, f"{where}.{name}") for name, one in values.items()},
    )
