"""algorithm/params.yaml as typed Params; a misspelt key or an impossible value is an error."""

from pathlib import Path
from typing import Any, NamedTuple

from params import Param, Params
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from algorithm.lib.classifier_names import CLASSIFIERS
from stages.lib.core.errors import InputError
from stages.lib.study.catalog import BACKBONES
from stages.lib.study.settings import LAST_SEED, MOST
from stages.lib.study.validation import check_keys, section, shown

PATH = Path("algorithm/params.yaml")


class Split(Params):
    """The shares of the faces that are held out, where the data come without sets."""

    val: float = Param(0.1, dtype=float, low=0, high=1)
    test: float = Param(0.2, dtype=float, low=0, high=1)
    seed: int = Param(42, dtype=int, low=0, high=LAST_SEED)


class Views(Params):
    """The augmented views of each training face, and how far they may go."""

    number: int = Param(2, dtype=int, low=0, high=100)
    balance: str = Param("none", dtype=str, one_of=("none", "views"))
    flip: bool = Param(True, dtype=bool)
    shift: int = Param(2, dtype=int, low=0, high=24)  # pixels of 48
    rotation: int = Param(10, dtype=int, low=0, high=180)  # degrees
    scale: int = Param(10, dtype=int, low=0, high=90)  # per cent
    brightness: int = Param(20, dtype=int, low=0, high=100)  # per cent


class Features(Params):
    """The pass through the frozen backbones, which `Settings.backbones` names."""

    weights: str = Param("official", dtype=str, one_of=("official", "stand-in"))
    batch_size: int = Param(64, dtype=int, low=1, high=MOST)


class Choose(Params):
    """The search among the classifiers, which `Settings.classifiers` names."""

    folds: int = Param(5, dtype=int, low=2, high=20)
    minutes: int = Param(60, dtype=int, low=1, high=MOST)
    largest: int = Param(6000, dtype=int, low=100, high=MOST)


class Settings(NamedTuple):
    """The sections of algorithm/params.yaml that are read from `split` on."""

    split: Split
    views: Views
    features: Features
    backbones: tuple[str, ...]  # features.backbones
    choose: Choose
    classifiers: tuple[str, ...]  # choose.classifiers


def load_settings(path: Path = PATH) -> Settings:
    """Read the settings of the algorithm.

    Raises:
        InputError: If a key is unknown or missing, or a value has the wrong type or range.
    """
    values = read_yaml(path)
    check_keys(values, ["gather", "faces", "split", "views", "features", "choose"], "")
    backbones, features = _listed(values["features"], "features", "backbones")
    classifiers, choose = _listed(values["choose"], "choose", "classifiers")
    settings = Settings(
        split=section(Split, values["split"], "split"),
        views=section(Views, values["views"], "views"),
        features=section(Features, features, "features"),
        backbones=_known(backbones, list(BACKBONES), "features.backbones"),
        choose=section(Choose, choose, "choose"),
        classifiers=_known(classifiers, list(CLASSIFIERS), "choose.classifiers"),
    )
    shares = settings.split
    if shares.val + shares.test > 1 - 1e-9:
        raise InputError(
            "`split.val` + `split.test` in params.yaml must leave faces for training, but they "
            f"sum to {shares.val + shares.test:g}. Make them smaller."
        )
    return settings


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping of sections, as YAML 1.2, as DVC does."""
    try:
        values = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(
            f"There is no {path} in this folder. Run from the project's top folder."
        ) from None
    except (YAMLError, RecursionError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} is not YAML that can be read: {shown(str(error))}. Correct it, or take it "
            "from Git's history."
        ) from None
    if not isinstance(values, dict):
        raise InputError(
            f"{path} must be a mapping of sections. Got {shown(values)} instead."
        )
    return values


def _listed(values: Any, where: str, key: str) -> tuple[Any, Any]:
    """Take a list out of a section; the rest is checked as every section is."""
    if not isinstance(values, dict) or key not in values:
        raise InputError(
            f"params.yaml does not set `{where}.{key}`. Add it: Git has the line in its history."
        )
    return values[key], {name: one for name, one in values.items() if name != key}


def _known(names: Any, known: list[str], where: str) -> tuple[str, ...]:
    allowed = isinstance(names, list) and names and all(name in known for name in names)
    if not allowed or len(set(names)) < len(names):
        raise InputError(
            f"`{where}` in params.yaml must list one or more of {', '.join(known)}, each once. "
            f"Got {shown(names)} instead."
        )
    return tuple(names)
