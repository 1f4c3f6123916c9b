"""params.yaml as typed params-flow `Params`; a misspelt key or an impossible value is an error."""

from inspect import get_annotations
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from fer_transfer.console.errors import InputError, shown
from fer_transfer.settings import checks, types
from fer_transfer.settings.searches import Assess, Choose, Search, Views
from fer_transfer.settings.validation import Kinds, NamedSection, Section, checked


class Data(Section):
    """Where the faces come from, how they are read, and whether FER+ is wanted beside them."""

    source: types.Text = "kaggle"
    watch: types.Text = ""
    hash: types.Hash = ""
    layout: Literal["auto", "csv", "manifest", "class-folders"] = "auto"
    detector: Literal["none", "centerface", "haar"] = "none"
    convert: bool = False
    numbering: Literal["none", "fer2013", "raf-db", "affectnet", "ck+", "expw"] = "none"
    map: types.Names = {}  # noqa: RUF012  # a default, which params-flow copies
    ferplus: bool = False


class Synthetic(Section):
    """The synthetic faces of the demo."""

    images: Annotated[int, Field(ge=70, le=types.MOST)] = 112
    identities: Annotated[int, Field(ge=2, le=types.MOST)] = 8
    pretraining_steps: types.Count = 6
    seed: types.Seed = 42


class Split(Section):
    """How the faces are split: `random` by shares (section 3.1), by `parts` as published, by `person`.

    `val` and `test` are shares of all faces. By parts, they are split off only where the data come
    without that set. As behind the paper's `tables`, validation and test are the same images.
    """

    by: Literal["random", "parts", "person", "tables"] = "random"
    val: types.Share | None = None
    test: types.Share | None = None
    seed: types.Seed = 42


class Weights(Section):
    """The weights a variant starts from."""

    pretrained: Literal["official", "stand-in"] = "official"


class Compute(Section):
    """How the frozen pass and training compute."""

    precision: types.Precision = "float32"


class Features(Section):
    """The pass through the frozen part."""

    batch_size: types.Count = 64


class Train(Section):
    """The training of the layers that are not frozen (section 4)."""

    epochs: types.Count = 20
    batch_size: types.Count = 32
    learning_rate: types.Share = 1e-4


class Tables(Section):
    """The windows of Tables 2-5: the first and the last epoch of each (C3)."""

    windows: types.Windows = [[1, 6]]  # noqa: RUF012


class Variant(Section):
    """A network before training: its backbone, its weights, and how many of its layers train.

    `weights` is pretrained, random, or the path of a model file, whose `hash` is checked.
    `trainable_layers` is a number, 0 for the head alone, or `all` (C5). `seed` draws a random
    variant's initial values; a pretrained one has none.
    """

    backbone: types.Text = ""
    weights: Literal["pretrained", "random"] | types.ModelFile = "pretrained"
    hash: types.Hash | None = None
    trainable_layers: types.Number | Literal["all"] = 4
    seed: types.Seed | None = None
    size: Annotated[int, Field(ge=1, le=1024)] | None = None
    scaling: Literal["unit", "bytes"] | None = None
    batch_statistics: bool | None = None
    precision: types.Precision | None = None


class Run(Section):
    """One training: a variant, a split and a seed (C8), and what departs from `train`, if anything.

    `backbone` repeats the variant's: dvc.yaml names what a run depends on by it.
    """

    variant: types.Text = ""
    backbone: types.Text = ""
    split: types.Text = ""
    seed: types.Seed = 42
    learning_rate: types.Share | None = None
    dropout: types.Share | None = None
    train_share: types.Share | None = None
    train_per_class: types.Count | None = None
    epochs: types.Count | None = None
    batch_size: types.Count | None = None
    labels: Literal["fer2013", "ferplus", "both"] | None = None
    augment: bool | None = None
    optimizer: Literal["adam", "adamw"] | None = None
    weight_decay: types.Share | None = None
    schedule: Literal["constant", "cosine"] | None = None
    label_smoothing: types.Share | None = None
    class_weight: Literal["none", "balanced"] | None = None
    average: types.UpdateRate | None = None
    early_stopping: types.Count | None = None


# What a run does where it sets nothing (training/recipe.py); the rest is `train`'s, or 0.
DEFAULTS = {"labels": "fer2013", "optimizer": "adam", "schedule": "constant"}
DEFAULTS |= {"class_weight": "none"}


class Settings(Section):
    """All of params.yaml."""

    data: Data = Data()
    synthetic: Synthetic = Synthetic()
    splits: types.Listed[Split] = {}  # noqa: RUF012  # params-flow copies it
    weights: Weights = Weights()
    compute: Compute = Compute()
    features: Features = Features()
    train: Train = Train()
    tables: Tables = Tables()
    variants: types.Listed[Variant] = {}  # noqa: RUF012  # params-flow copies it
    runs: types.Listed[Run] = {}  # noqa: RUF012  # params-flow copies it
    views: Views = Views()
    choose: Choose = Choose()
    assess: Assess = Assess()
    searches: dict[types.Name, Search] = {}  # noqa: RUF012

    def departures(self, *entries: Section) -> dict[str, Any]:
        """Return what variants or runs set to something other than the study's settings."""
        default = DEFAULTS | self.train | self.compute
        return {
            key: value
            for entry in entries
            for key, value in entry.items()
            if value not in (None, False, default.get(key))
        }


NAMED: Kinds = {"splits": Split, "variants": Variant, "runs": Run, "searches": Search}
SECTIONS: Kinds = {
    name: kind for name, kind in get_annotations(Settings).items() if name not in NAMED
}


def load_settings(path: Path = Path("params.yaml")) -> Settings:
    """Read the settings of the study.

    Raises:
        InputError: If a key is unknown or missing, a value has the wrong type or range, or
            two values contradict each other.
    """
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise InputError(f"{path} must be a mapping. Got {shown(values)}. Restore it.")
    settings: Settings = checked(Settings, NAMED, values)
    for name in NAMED:
        settings[name] = NamedSection(name, settings[name])
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
    except (YAMLError, RecursionError, ValueError, TypeError) as error:
        # ValueError: not text, or a number of thousands of digits; TypeError: an odd key.
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or shown(str(error))
        raise InputError(
            f"{path}{where} is not valid YAML: {problem}. Correct it, or take the file from Git's "
            "history."
        ) from None
