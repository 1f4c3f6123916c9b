"""A commit's pipeline as DVC itself reads it, and what dvc.lock records of the last runs."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.dependency import ParamsDependency
from dvc.exceptions import DvcException
from dvc.lock import LockBase, LockError
from dvc.repo import Repo
from dvc.utils.serialize import (
    YAMLFileCorruptedError,
    dumps_yaml,
    parse_yaml,
    parse_yaml_for_update,
)

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.results.record import flatten

LOCK = Path("dvc.lock")


@contextmanager
def locked(lock: LockBase) -> Iterator[None]:
    """Keep other dvc commands out of what one of DVC's locks guards.

    Raises:
        InputError: If one runs.
    """
    try:
        lock.lock()
    except LockError as error:
        raise InputError(
            "Another dvc command runs in this clone, so nothing was written. Wait for it to "
            "end, then run this again."
        ) from error
    try:
        yield
    finally:
        lock.unlock()


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml."""

    cmd: str
    generated: bool  # by `foreach`: one of several that differ in a variant or a run
    settings: dict[str, Any]  # of params.yaml, by dotted key
    code: dict[str, str | None]  # hashes of what it reads and no stage writes
    reads: dict[str, str]  # what stages write: path -> the stage that does
    outs: frozenset[str]  # what it writes
    kept: frozenset[str] = frozenset()  # what of it Git holds (`cache: false`)
    unshared: frozenset[str] = frozenset()  # what of it no remote gets (`push: false`)


@dataclass(frozen=True)
class Entry:
    """What dvc.lock records of a stage's last run: hashes by path, settings by dotted key."""

    cmd: str
    deps: dict[str, str]
    settings: dict[str, Any]
    outs: dict[str, str]


@dataclass(frozen=True)
class Pipeline:
    """The stages of dvc.yaml, each after those it reads from, and the entries of dvc.lock."""

    stages: dict[str, Stage]
    entries: dict[str, Entry]

    def is_current(self, name: str) -> bool:
        """Tell whether a stage's entry is what DVC would record for it now."""
        stage, entry = self.stages[name], self.entries.get(name)
        if entry is None:
            return False
        inputs = {path: self.written(path, by) for path, by in stage.reads.items()}
        return (
            (stage.cmd, stage.settings) == (entry.cmd, entry.settings)
            and {**stage.code, **inputs} == entry.deps
            and stage.outs == set(entry.outs)
        )

    def written(self, path: str, by: str) -> str | None:
        """Return the recorded hash of what a stage wrote."""
        entry = self.entries.get(by)
        return entry.outs.get(path) if entry else None

    def fits(self, name: str, entry: Entry) -> "Pipeline | None":
        """Return the pipeline with another entry of a stage, if that is current in it."""
        trial = Pipeline(self.stages, {**self.entries, name: entry})
        return trial if trial.is_current(name) else None


def load(repo: Repo, lock: str) -> Pipeline:
    """Read the pipeline of the commit that `repo` looks at, and the text of a dvc.lock."""
    # First, because DVC's own error about a damaged one is a traceback.
    of_lock = entries(lock)
    stages = repo.stage.load_all()
    writers = {out.fs_path: stage.name for stage in stages for out in stage.outs}
    return Pipeline({stage.name: _stage(stage, writers) for stage in stages}, of_lock)


def _stage(stage: Any, writers: dict[str, str]) -> Stage:
    """Read a stage, given the stages that write each file."""
    params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    read = {dep: writers.get(dep.fs_path) for dep in stage.deps if dep not in params}
    return Stage(
        cmd=stage.cmd,
        generated=stage.raw_data.generated_from is not None,
        settings={
            k: v for dep in params for k, v in flatten(dep.read_params()).items()
        },
        code={dep.def_path: _hash(dep) for dep, writer in read.items() if not writer},
        reads={dep.def_path: writer for dep, writer in read.items() if writer},
        outs=frozenset(out.def_path for out in stage.outs),
        kept=frozenset(out.def_path for out in stage.outs if not out.use_cache),
        unshared=frozenset(out.def_path for out in stage.outs if not out.can_push),
    )


def _hash(dep: Any) -> str | None:
    """Let DVC hash a file or folder; None if it is not there."""
    dep.hash_name = "md5"
    try:
        return str(dep.get_hash().value)
    except (DvcException, FileNotFoundError) as error:
        logging.getLogger(__name__).debug("%s: %s", dep, error)
        return None


def entries(lock: str) -> dict[str, Entry]:
    """Read the text of a dvc.lock."""
    return {name: entry(values) for name, values in recorded(lock).items()}


def recorded(lock: str, path: Path = LOCK) -> dict[str, Any]:
    """Return the entries of a dvc.lock by stage, as YAML gives them; `path` is where it lies.

    Raises:
        InputError: If it is empty, was cut short, or holds a conflict that Git left.
    """
    try:
        values = parse_yaml(lock, str(path))
    except YAMLFileCorruptedError:
        values = None
    stages = values.get("stages", {}) if isinstance(values, dict) and values else None
    if isinstance(stages, dict):
        return stages
    if re.search("^<<<<<<< ", lock, re.MULTILINE):
        raise InputError(
            f"{path} holds a merge conflict. Solve that of params.yaml first, if there is "
            f"one; then take one side of {path} whole (`git checkout --ours {path}`), and "
            "results of the other by `python -m tools.merge FOLDER`, where FOLDER is a clone "
            "of it."
        )
    raise InputError(
        f"{path} is empty or damaged. Restore it from Git (`git checkout {path}`)."
    )


def entry(values: dict[str, Any]) -> Entry:
    """Read one stage's entry, as YAML gives it."""
    deps, outs = (
        {item["path"]: item["md5"] for item in values.get(part, []) if "md5" in item}
        for part in ("deps", "outs")
    )
    settings: dict[str, Any] = {}
    for section in values.get("params", {}).values():
        settings |= flatten(section)
    return Entry(values["cmd"], deps, settings, outs)


@contextmanager
def rewritten(lock: str) -> Iterator[dict[str, Any]]:
    """Give the entries of a dvc.lock to be changed, and write them in one write."""
    data: Any = parse_yaml_for_update(lock, str(LOCK))
    yield data.setdefault("stages", {})
    with files.atomic_write(LOCK) as part:
        part.write_text(str(dumps_yaml(data)), encoding="utf-8", newline="\n")
