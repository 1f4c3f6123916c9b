"""params.yaml for the tests: the project's own with other values."""

from collections.abc import Iterable
from copy import deepcopy
from functools import cache, reduce
from operator import getitem
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fer_transfer.settings.checks import UNWATCHED
from fer_transfer.settings.settings import NAMED

ROOT = Path(__file__).parents[1]
DEMO = "params.demo.yaml"
YAML_12 = YAML(typ="safe", pure=True)
YAML_12.sort_base_mapping_type_on_output = False  # the first run names its group


@cache
def _load(name: str) -> Any:
    return YAML_12.load(ROOT / name)


def load(name: str = "params.yaml") -> Any:
    """Return what a YAML file of the project holds; it is read once."""
    return deepcopy(_load(name))


def write_one(run: str, folder: Path = Path()) -> None:
    """Write the study's params.yaml with one of its runs: 90 take long to read."""
    write(folder, runs={run: load()["runs"][run]})


def write(
    folder: Path = Path(), source: str = "params.yaml", **sections: dict[str, Any]
) -> None:
    """Write params.yaml with other values; splits, variants, runs and searches are replaced."""
    settings = load(source)
    if "variants" in sections:  # the project's own searches name its variants
        settings["searches"] = {}
    for name, values in sections.items():
        settings[name] = values if name in NAMED else settings[name] | values
    settings["assess"]["reads"] = "data/choices" if settings["searches"] else UNWATCHED
    YAML_12.dump(settings, folder / "params.yaml")


def write_demo(
    folder: Path, variants: Iterable[str], **sections: dict[str, Any]
) -> None:
    """Write the demo's settings for some of its variants, whose runs are named alike."""
    demo = load(DEMO)
    for section in ("variants", "runs"):
        sections[section] = {name: demo[section][name] for name in variants}
    write(folder, DEMO, **sections)


def change(changes: dict[str, Any], folder: Path = Path()) -> None:
    """Change or add values of a params.yaml, by dotted keys."""
    settings = YAML_12.load(folder / "params.yaml")
    for key, value in changes.items():
        *outer, last = key.split(".")
        reduce(getitem, outer, settings)[last] = value
    YAML_12.dump(settings, folder / "params.yaml")
