"""Refuse the outputs of a stage whose code, settings or inputs were edited while it ran.

DVC hashes what a stage depends on after its command has ended (treeverse/dvc#11058). An edit made
meanwhile would be recorded in dvc.lock as having made what the version before it made. So a stage
notes the state of its dependencies before it imports them, and compares before an output appears.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import filterfalse
from pathlib import Path
from typing import Any

from fer_transfer.console.errors import InputError, some_of

PIPELINE, SETTINGS = Path("dvc.yaml"), Path("params.yaml")
# Rewritten by stages alone. Elsewhere small files are hashed, as Git rewrites files that it does
# not change when a user switches to another branch and back; an archive may be too large for that.
DATA, LARGE = Path("data"), 2**20
# Patterns of .dvcignore that occur in these folders, among them editors' temporary files.
IGNORED = re.compile(r"__pycache__|\.DS_Store|\.gitignore|\.#.*|.*~|\..*\.sw[a-p]")
MOST = 3  # changes named in an error

_paths: list[Path] = []
_keys: list[str] = []
_noted: dict[str, Any] = {}


def begin() -> None:
    """Note the state of what the stage that DVC runs depends on, by its entry in dvc.yaml."""
    _paths[:], _keys[:] = dependencies(os.environ["DVC_STAGE"])
    _noted.update(_state())


def check() -> None:
    """Compare with what `begin` noted; nothing where DVC did not start this process.

    Raises:
        InputError: If a dependency has changed since.
    """
    if not _noted:
        return
    now = _state()
    changed = [key for key in {**_noted, **now} if _noted.get(key) != now.get(key)]
    if changed:
        raise InputError(
            f"{some_of(changed, MOST)} changed while {os.environ['DVC_STAGE']} ran. DVC "
            "would record its results as made by the changed version, so they are not kept. Run "
            "the same command again."
        )


def dependencies(name: str) -> tuple[list[Path], list[str]]:
    """Return the files and folders, and the keys of params.yaml, that a stage depends on.

    DVC's own parser takes a second, and dvc.lock does not know a stage before its first run.
    """
    # From a subfolder DVC names it after the path of dvc.yaml.
    group, _, key = name.rpartition(":")[2].partition("@")
    settings = _load(SETTINGS)
    stage = _load(PIPELINE).get("stages", {}).get(group, {})
    if "foreach" in stage:
        items = _lookup(settings, stage["foreach"].strip("${}")) or {}
        settings = {**settings, "key": key, "item": items.get(key)}
        stage = stage["do"]
    deps, params = (
        [_interpolate(entry, settings) for entry in stage.get(part, [])]
        for part in ("deps", "params")
    )
    return [Path(path) for path in deps], params


def _interpolate(text: str, values: dict[str, Any]) -> str:
    return re.sub(r"\$\{(.+?)\}", lambda match: str(_lookup(values, match[1])), text)


def _load(path: Path) -> dict[str, Any]:
    """Return a YAML file's mapping; nothing while it is missing or being edited."""
    # Here, as it is in the extra `study`: fer-recognise imports this module without it.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        values = YAML(typ="safe", pure=True).load(path)
    except (OSError, YAMLError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _lookup(values: Any, dotted: str) -> Any:
    for key in dotted.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _state() -> dict[str, Any]:
    """Return a hash, or size, time and inode, for each file, and the value of each key."""
    files = {str(file): _mark(file) for file in _files(_paths)}
    settings = _load(SETTINGS)
    return files | {f"`{key}`": _lookup(settings, key) for key in _keys}


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
        for folder, folders, names in os.walk(path):
            folders[:] = filterfalse(IGNORED.fullmatch, folders)
            yield from map(Path(folder).joinpath, filterfalse(IGNORED.fullmatch, names))


def _mark(file: Path) -> Any:
    try:
        status = file.stat()
        if file.is_absolute() or file.is_relative_to(DATA) or status.st_size > LARGE:
            return status.st_size, status.st_mtime_ns, status.st_ino
        return hashlib.sha256(file.read_bytes()).digest()
    except FileNotFoundError:
        return None
