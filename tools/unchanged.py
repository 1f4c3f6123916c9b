"""Keep results whose code changed, if a small part of the data shows that they stay the same.

Not a stage of dvc.yaml: `make unchanged`, or `python -m tools.unchanged [COMMIT]`. DVC takes any
edit of a stage's code for a change of its results, and would train for hours again. This runs the
stale stages with the code of COMMIT, which made the results of dvc.lock, and with that of HEAD, each
in a Git worktree, on 96 faces and for two epochs, and compares the hashes of all outputs in the two
dvc.lock files. Only if all are equal are the hashes of the new code written into dvc.lock.

A stage runs again if a setting has another value than recorded, if an input was made anew, or if
COMMIT's code is not the code that dvc.lock records. So do `prepare` and what comes before it, and
stages that are not made for each variant, run or split: tables, figures, the page.

It does not show what happens only with other numbers of images, in later epochs, in resumed runs,
on other processors or with other versions of packages.

Reads   dvc.lock, data/faces, the history of HEAD
Writes  dvc.lock; a few gigabytes in a temporary folder (TMPDIR says where), removed at the end
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dvc.dependency import ParamsDependency
from dvc.repo import Repo
from dvc.stage import serialize
from ruamel.yaml import YAML

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.data import faces
from tools.git import committed, git
from tools.pipeline import LOCK, Entry, Pipeline, entries, load, locked, rewritten

logger = logging.getLogger(__name__)

CODE = ("fer_transfer", "stages", "dvc.yaml", "params.yaml", ".dvcignore")
NUM_FACES = 96  # with 32 a batch, the last batch of training is not a whole one
SETTINGS = {"train.epochs": 2, "features.batch_size": 64}
TAIL_LINES, LINE_LENGTH = 15, 200  # of what a failed run printed
LOW_BYTES = 100e6  # of a disk that is named as almost full


def main(commit: str = "") -> None:
    commit = commit or git("log", "-1", "--format=%H", "--", str(LOCK)).strip()
    head, lock = committed(CODE), LOCK.read_text(encoding="utf-8")
    now = load(Repo(), lock)
    with (
        tempfile.TemporaryDirectory(prefix="unchanged-") as name,
        worktree(Path(name, "old"), commit) as old,
        worktree(Path(name, "new"), head) as new,
    ):
        names = comparable(now, past(old))
        if not names:
            logger.info("No result can be carried over.")
            return
        logger.info("Comparing %s with HEAD: %s.", commit[:7], ", ".join(names))
        needed = now.upstream({*names}) | {*names}
        run = [
            name for name in now.stages if name in needed and now.stages[name].generated
        ]
        before, after = (reproduce(side, run) for side in (old, new))
    changed = [
        f"{path} of {stage}"
        for stage in names
        for path in sorted({*before[stage].outs, *after[stage].outs})
        if before[stage].outs.get(path) != after[stage].outs.get(path)
    ]
    if changed:
        raise InputError(
            f"The code changed {', '.join(changed)}. Nothing was recorded. Run these stages by "
            "`dvc repro` before the others are compared, or undo the change."
        )
    record(names, lock)
    logger.info("Recorded in %s, to be committed: %s.", LOCK, ", ".join(names))


def comparable(now: Pipeline, old: Pipeline) -> list[str]:
    """Name the stages whose entry is stale by code alone, code that the old commit has."""
    names = []
    for name, stage in now.stages.items():
        if stage.generated and name in now.entries and not now.is_current(name):
            if why := _why_again(now, name, old):
                logger.info("  runs again: %s (%s)", name, why)
            else:
                names.append(name)
    return names


def _why_again(now: Pipeline, name: str, old: Pipeline) -> str:
    """Say why a stage has to run again whatever its code does; nothing if it need not."""
    stage, entry = now.stages[name], now.entries[name]
    for key in stage.settings.keys() & entry.settings.keys():
        if stage.settings[key] != entry.settings[key]:
            return f"`{key}` was {entry.settings[key]}, is {stage.settings[key]}"
    for path, by in stage.reads.items():
        if entry.deps.get(path) != now.written(path, by):
            return f"{path} is another one than it read"
    if stage.outs != entry.outs.keys():
        return "it writes other files"
    if name in old.stages and old.stages[name].code.items() <= entry.deps.items():
        return ""
    return "the old commit's code did not make it: name the one that did"


@contextmanager
def worktree(folder: Path, commit: str) -> Iterator[Path]:
    """Check out a commit beside the project, with a small part of its data."""
    try:
        git("worktree", "add", "--quiet", "--detach", str(folder), commit)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        git("worktree", "prune")


def past(folder: Path) -> Pipeline:
    """Return the pipeline of a worktree, as its commit has it."""
    with chdir(folder):
        return load(Repo(), LOCK.read_text(encoding="utf-8"))


def reproduce(side: Path, names: list[str]) -> dict[str, Entry]:
    """Run stages in a worktree on a small part of the data; return what its dvc.lock records."""
    (side / LOCK).unlink()
    write_settings(side / "params.yaml")
    write_faces(side / faces.FOLDER)
    logger.info("Running %d stages with the %s code.", len(names), side.name)
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "--single-item", *names],
        cwd=side,
        env=environment(side.parent / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stdout.splitlines()[-TAIL_LINES:]
        raise InputError(
            f"The {side.name} code stopped on the small part of the data{_if_full(side)}:\n"
            + "\n".join(f"    {line[:LINE_LENGTH]}" for line in lines)
        )
    return entries((side / LOCK).read_text(encoding="utf-8"))


def _if_full(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    if free > LOW_BYTES:
        return ""
    return f" ({folder.parent} is full: set TMPDIR to a folder with room)"


def write_settings(path: Path) -> None:
    """Rewrite a params.yaml for the small part."""
    yaml = YAML(typ="safe", pure=True)
    values = yaml.load(path)
    for key, value in SETTINGS.items():
        section, _, name = key.partition(".")
        if name in values.get(section, {}):
            values[section][name] = value
    yaml.dump(values, path)


def write_faces(folder: Path) -> None:
    """Write some of the real faces: as many of each class and given part as can be."""
    known, images = faces.read(votes=True), faces.read_images()
    groups = known.table.groupby(["part", "label"], sort=False)
    rows = groups.head(max(1, NUM_FACES // groups.ngroups)).index
    part = replace(
        known,
        table=known.table.loc[rows].reset_index(drop=True),
        votes=None if known.votes is None else known.votes.loc[rows],
    )
    faces.write(part, images[rows], folder)


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which DVC keeps what it keeps to itself in a folder."""
    kept = {key: value for key, value in os.environ.items() if key[:4] != "DVC_"}
    return {
        **kept,
        "DVC_NO_ANALYTICS": "1",
        "DVC_GLOBAL_CONFIG_DIR": str(home),
        "DVC_SYSTEM_CONFIG_DIR": str(home),
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        # `python`, in the stages' commands, is the one that runs this.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def record(names: list[str], lock: str) -> None:
    """Write what the stages' code and settings are now; their results stay.

    Args:
        names: Stages whose outputs are the same with the new code.
        lock: The text of dvc.lock that was compared.
    """
    repo = Repo()
    with locked(repo.lock):
        if LOCK.read_text(encoding="utf-8") != lock:
            raise InputError(f"{LOCK} was written to meanwhile. Run this again.")
        stages = {stage.name: stage for stage in repo.stage.load_all()}
        outs = {out.fs_path: out for stage in stages.values() for out in stage.outs}
        with rewritten(lock) as recorded:
            for name in names:
                for dep in stages[name].deps:
                    _save(dep, outs.get(dep.fs_path))
                recorded.update(serialize.to_lockfile(stages[name]))


def _save(dep: Any, out: Any) -> None:
    """Let DVC hash a dependency; what a stage writes may be missing, and is recorded."""
    if out is None or isinstance(dep, ParamsDependency):
        dep.save()
    else:
        dep.hash_name, dep.hash_info, dep.meta = out.hash_name, out.hash_info, out.meta


if __name__ == "__main__":
    command.run(main, *(sys.argv[1:] or [""]))
