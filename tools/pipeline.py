"""A commit's pipeline as DVC itself reads it, and what dvc.lock records of the last runs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from dvc.dependency.param import ParamsDependency, read_param_file
from dvc.exceptions import DvcException
from dvc.lock import LockBase, LockError
from dvc.repo import Repo
from dvc.utils import serialize
from dvc.utils.flatten import flatten

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.results.record import LOCK, Entry, hashes, recorded

Values = dict[str, Any]  # of settings, by dotted key
Hashes = dict[str, str | None]  # by path
Writers = dict[str, str]  # the stage that writes a file, by path


@contextmanager
def locked(lock: LockBase) -> Iterator[None]:
    """Keep other dvc commands out of what one of DVC's locks guards.

    Raises:
        InputError: If one runs.
    """
    try:
        with lock:
            yield
    except LockError as error:
        raise InputError(
            "Another dvc command runs in this clone, so nothing was written. Wait for it to "
            "end, then run this again."
        ) from error


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml."""

    cmd: str
    generated: bool  # by `foreach`: one of several that differ in a variant or a run
    settings: Values  # of params.yaml, by dotted key
    code: Hashes  # hashes of what it reads and no stage writes
    reads: Writers  # what stages write
    outs: frozenset[str]  # what it writes
    kept: frozenset[str] = frozenset()  # what of it Git holds (`cache: false`)
    unshared: frozenset[str] = frozenset()  # what of it no remote gets (`push: false`)
    # Of `code` the folders in which stages write: the stage by each of their outputs.
    gathers: dict[str, Writers] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    """The stages of dvc.yaml, each after those it reads from, and the entries of dvc.lock."""

    stages: dict[str, Stage]
    entries: dict[str, Entry]

    def is_current(self, name: str) -> bool:
        """Tell whether a stage's entry is what DVC would record for it now."""
        stage, entry = self.stages[name], self.entries.get(name, {})
        inputs = {path: self.written(path, by) for path, by in stage.reads.items()}
        return (
            (stage.cmd, stage.settings) == (entry.get("cmd"), settings(entry))
            and {**stage.code, **inputs} == hashes(entry, "deps")
            and stage.outs == hashes(entry, "outs").keys()
        )

    def written(self, path: str, by: str) -> str | None:
        """Return the recorded hash of what a stage wrote."""
        return hashes(self.entries.get(by, {}), "outs").get(path)

    def fits(self, name: str, entry: Entry) -> "Pipeline | None":
        """Return the pipeline with another entry of a stage, if that is current in it."""
        trial = Pipeline(self.stages, {**self.entries, name: entry})
        return trial if trial.is_current(name) else None


def settings(entry: Entry) -> Values:
    """Return the settings that a stage ran with, by dotted key."""
    return dict(flatten(entry.get("params", {}).get("params.yaml", {})))


def load(repo: Repo) -> Pipeline:
    """Read the pipeline of the checkout that `repo` looks at, and its dvc.lock, if it has one.

    Raises:
        InputError: If one of its files cannot be read.
    """
    # First, because DVC's own error about a damaged one is a traceback.
    entries = recorded() if LOCK.is_file() else {}
    try:
        stages = repo.stage.load_all()
        # Once: DVC's own `read_params` reads the file again for each of the stages.
        values = flatten(read_param_file(repo.fs, f"{repo.root_dir}/params.yaml"))
    except DvcException as error:
        raise InputError(
            f"DVC cannot read dvc.yaml and params.yaml: {error}. Correct them."
        ) from None
    writers = {out.fs_path: stage.name for stage in stages for out in stage.outs}
    deps = {dep.fs_path: dep for stage in stages for dep in stage.deps}
    code = {path: _hash(deps[path]) for path in deps.keys() - writers.keys()}
    read = {stage.name: _stage(stage, writers, values, code) for stage in stages}
    return Pipeline(read, entries)


def _stage(stage: Any, writers: Writers, values: Values, code: Hashes) -> Stage:
    """Read a stage, given who writes each file, what params.yaml holds and the code's hashes."""
    params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    keys = tuple(f"{key}." for dep in params for key in dep.params)
    paths = {dep.def_path: dep.fs_path for dep in stage.deps if dep not in params}
    return Stage(
        cmd=stage.cmd,
        generated=stage.raw_data.generated_from is not None,
        settings={key: values[key] for key in values if f"{key}.".startswith(keys)},
        code={name: code[path] for name, path in paths.items() if path in code},
        reads={name: writers[path] for name, path in paths.items() if path in writers},
        outs=frozenset(out.def_path for out in stage.outs),
        kept=frozenset(out.def_path for out in stage.outs if not out.use_cache),
        unshared=frozenset(out.def_path for out in stage.outs if not out.can_push),
        gathers={
            name: below
            for name, path in paths.items()
            if path in code and (below := _below(path, writers))
        },
    )


def _below(folder: str, writers: Writers) -> Writers:
    return {out: by for out, by in writers.items() if out.startswith(f"{folder}/")}


def _hash(dep: Any) -> str | None:
    """Let DVC hash a file or folder; None if it is not there."""
    dep.hash_name = "md5"
    with suppress(DvcException, FileNotFoundError):
        return str(dep.get_hash().value)
    return None


@contextmanager
def edited(repo: Repo) -> Iterator[Pipeline]:
    """Give the pipeline, and write its entries, if they change, in one write.

    Raises:
        InputError: If another dvc command runs.
    """
    with locked(repo.lock):
        here = load(repo)
        before = dict(here.entries)
        yield here
        if here.entries != before:
            files.write_bytes(LOCK, lock_text(here.entries).encode())


def lock_text(entries: dict[str, Entry]) -> str:
    """Return the text of a dvc.lock with these entries."""
    return str(serialize.dumps_yaml({"schema": "2.0", "stages": entries}))
