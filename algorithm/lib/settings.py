"""algorithm/params.yaml as typed sections; a misspelt key or an impossible value is an error."""

from pathlib import Path
from typing import Any

from params import Param, Params
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.lib.core.errors import InputError
from stages.lib.study.validation import check_keys, section, shown

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
