"""Record results for the code of HEAD: in dvc.lock, in one write, as DVC would."""

import hashlib
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

from dvc.dependency import ParamsDependency
from dvc.repo import Repo
from dvc.stage import serialize
from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from tools.pipeline import LOCK, Pipeline, locked
from tools.unchanged.sides import started
from tools.unchanged.verdict import Convert, read_kept

logger = logging.getLogger(__name__)


def record(names: list[str], lock: str, written: dict[str, bytes]) -> None:
    """Write what the stages' code, settings and inputs are now; their results stay.

    Args:
        names: Stages that were proven to give the same results.
        lock: The text of dvc.lock that the proof is about.
        written: Outputs of theirs that Git keeps, in their new form.
    """
    repo = Repo()
    with locked(repo.lock):
        if LOCK.read_text(encoding="utf-8") != lock:
            raise InputError(f"{LOCK} was written to meanwhile. Run this again.")
        for path, content in written.items():
            with files.atomic_write(Path(path)) as part:
                part.write_bytes(content)
        text = rewritten(repo, names, lock, set(written))
        with files.atomic_write(LOCK) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def rewritten(repo: Repo, names: list[str], lock: str, written: set[str]) -> str:
    """Return the text of dvc.lock with the stages' entries as DVC would record them."""
    stages = {stage.name: stage for stage in repo.stage.load_all()}
    for name in names:
        for out in stages[name].outs:
            if out.def_path in written:
                out.save()
    outs = {out.fs_path: out for stage in stages.values() for out in stage.outs}
    data = parse_yaml_for_update(lock, str(LOCK))
    for name in names:
        for dep in stages[name].deps:
            _save(dep, outs.get(dep.fs_path))
        data["stages"].update(serialize.to_lockfile(stages[name]))
    return str(dumps_yaml(data))


def _save(dep: Any, out: Any) -> None:
    """Let DVC hash a dependency; what a stage writes may be missing, and is recorded."""
    if out is None or isinstance(dep, ParamsDependency):
        dep.save()
    else:
        dep.hash_name, dep.hash_info, dep.meta = out.hash_name, out.hash_info, out.meta


def convert_real(
    convert: Convert, names: list[str], past: Pipeline, now: Pipeline
) -> tuple[dict[str, bytes], set[str]]:
    """Convert the real outputs that Git keeps; return what changes, and what goes."""
    old = read_kept(Path(), past, names)
    for name in names:
        for path in past.stages[name].kept:
            found = hashlib.md5(old[path]).hexdigest()
            if found != now.entries[name].outs[path]:
                raise InputError(
                    f"{path} is not what {LOCK} records of {name}. Restore both from Git."
                )
    new = convert(old)
    return {
        path: content for path, content in new.items() if old.get(path) != content
    }, set(old) - set(new)


def remaining() -> list[str]:
    """Return the stages that DVC would run now."""
    options = ["--allow-missing", "--dry", "--keep-going"]
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,  # it fails on stages that never ran and whose inputs are missing
    )
    return started(done.stdout)
