"""algorithm/params.yaml as typed sections; a misspelt key or an impossible value is an error."""

from pathlib import Path
from typing import Any, NamedTuple

from params import Param, Params
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from algorithm.lib.classifier_names import CLASSIFIERS
from fer_transfer.console.errors import InputError, shown
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.settings.settings import LAST_SEED, MOST
from fer_transfer.settings.validation import check_keys, section

PATH = Path("algorithm/params.yaml")

FORMS = (
    *("auto", "class-folders", "manifest", "fer2013", "ferplus"),
    *("raf-db", "affectnet", "ck+48", "jaffe", "kdef", "expw"),
)
NUMBERINGS = ("none", "fer2013", "raf-db", "affectnet", "ck+", "expw")
DETECTORS = ("centerface", "haar", "none")
DROP = "drop"  # what a label is mapped to that is to be left out


class Gather(Params):
    """Where the labelled photos are, in which form, and what their labels are called."""

    source: str = Param("fer2013", dtype=str)
    form: str = Param("auto", dtype=str, one_of=FORMS)
    numbering: str = Param("none", dtype=str, one_of=NUMBERINGS)
    map: dict[str, str] = Param(None, dtype=dict)


class Faces(Params):
    """How the faces are found."""

    detector: str = Param("centerface", dtype=str, one_of=DETECTORS)


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
    """What is read from the stage `split` on."""

    split: Split
    views: Views
    features: Features
    backbones: tuple[str, ...]  # features.backbones
    choose: Choose
    classifiers: tuple[str, ...]  # choose.classifiers


SECTIONS = ("gather", "faces", "split", "views", "features", "choose")


def load_gather(path: Path = PATH) -> Gather:
    """Read the section `gather`; `map` has its labels in lower case.

    Raises:
        InputError: If a key is unknown or missing, or a value is not allowed.
    """
    values = dict(_mapping(_read(path, "gather"), "gather"))
    wanted = values.pop("map", {})
    gather: Gather = load("gather", Gather, values)
    gather.map = _label_map(wanted)
    if not gather.source.strip():
        raise InputError(
            f"`gather.source` in {PATH} is empty. Set it to a folder of photos, a manifest, "
            "`fer2013` or `ferplus`."
        )
    return gather


def load_faces(path: Path = PATH) -> Faces:
    """Read the section `faces`.

    Raises:
        InputError: If a key is unknown or missing, or a value is not allowed.
    """
    faces: Faces = load("faces", Faces, _read(path, "faces"))
    return faces


def load_settings(path: Path = PATH) -> Settings:
    """Read the sections from `split` on.

    Raises:
        InputError: If a key is unknown or missing, or a value has the wrong type or range.
    """
    backbones, features = _without_list(_read(path, "features"), "features.backbones")
    classifiers, choose = _without_list(_read(path, "choose"), "choose.classifiers")
    settings = Settings(
        split=load("split", Split, _read(path, "split")),
        views=load("views", Views, _read(path, "views")),
        features=load("features", Features, features),
        backbones=_names(backbones, list(BACKBONES), "features.backbones"),
        choose=load("choose", Choose, choose),
        classifiers=_names(classifiers, list(CLASSIFIERS), "choose.classifiers"),
    )
    shares = settings.split
    if shares.val + shares.test > 1 - 1e-9:
        raise InputError(
            f"`split.val` + `split.test` in {PATH} must leave faces for training, but they sum "
            f"to {shares.val + shares.test:g}. Make them smaller."
        )
    return settings


def _without_list(values: Any, where: str) -> tuple[Any, Any]:
    """Take a list out of a section; the rest is checked as every section is."""
    name, key = where.split(".")
    rest = dict(_mapping(values, name))
    if key not in rest:
        raise InputError(
            f"{PATH} does not set `{where}`. Add it: Git has the line in its history."
        )
    return rest.pop(key), rest


def _names(names: Any, known: list[str], where: str) -> tuple[str, ...]:
    allowed = isinstance(names, list) and names and all(name in known for name in names)
    if not allowed or len(set(names)) < len(names):
        raise InputError(
            f"`{where}` in {PATH} must list one or more of {', '.join(known)}, each once. Got "
            f"{shown(names)} instead."
        )
    return tuple(names)


def load(name: str, kind: type[Params], values: Any) -> Any:
    """Check a section's values and make them a typed object."""
    try:
        return section(kind, values, name)
    except InputError as error:
        raise _of_this_file(error) from None


def _read(path: Path, name: str) -> Any:
    """Return the values of one section, after a check of the names of all."""
    try:
        values = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(
            f"There is no {path} in this folder. Run from the project's top folder."
        ) from None
    except (YAMLError, RecursionError, ValueError, TypeError) as error:
        why = " ".join(str(error).split())
        raise InputError(
            f"{path} is not YAML that can be read: {why[:300]}. Correct the line, or take the "
            "file from Git's history."
        ) from None
    values = _mapping(values, "")
    try:
        optional = [other for other in SECTIONS if other != name]
        check_keys(values, list(SECTIONS), "", optional)
    except InputError as error:
        raise _of_this_file(error) from None
    if name not in values:
        raise InputError(
            f"{path} does not set `{name}`. Add it: Git has the section in its history."
        )
    return values[name]


def _mapping(values: Any, where: str) -> dict[Any, Any]:
    if isinstance(values, dict):
        return values
    name = f"`{where}` in {PATH}" if where else str(PATH)
    raise InputError(
        f"{name} must be a mapping of names to values. Got {shown(values)} instead. Git has it "
        "in its history."
    )


def _label_map(values: Any) -> dict[str, str]:
    """Return the map with its labels in lower case, for labels are taken in any case."""
    wanted = "labels to names, such as {joy: happy, contempt: drop}"
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(
            f"`gather.map` in {PATH} must map {wanted}. Got {shown(values)} instead."
        )
    for label, name in values.items():
        is_name = isinstance(name, str) and name.strip() and name.isprintable()
        if not is_name or isinstance(label, bool) or not isinstance(label, str | int):
            raise InputError(
                f"`gather.map` in {PATH} must map {wanted}. It maps {shown(label)} to "
                f"{shown(name)}. Write both as words, with quotes where YAML takes them for "
                "something else."
            )
    return {
        str(label).strip().casefold(): name.strip().lower()
        for label, name in values.items()
    }


def _of_this_file(error: InputError) -> InputError:
    """Name the algorithm's file in an error of the study's checks, which name theirs."""
    return InputError(str(error).replace("params.yaml", str(PATH)))
