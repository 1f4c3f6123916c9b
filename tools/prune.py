"""List what removed and renamed runs, variants and splits left behind: `python -m tools.prune`.

`python -m tools.prune --apply` removes it: files in data/, metrics/ and plots/ that no stage of
dvc.yaml writes, and entries of dvc.lock whose stage is gone. Where a run has only another name in
params.yaml, its results move to that name. DVC's cache keeps what is removed here until `dvc gc`.

Reads   dvc.yaml, params.yaml, dvc.lock
Writes  dvc.lock, in one write; moves and removes outputs
"""

import argparse
import logging
import re
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from dvc.repo import Repo

from fer_transfer.console import command
from tools.pipeline import (
    LOCK,
    Pipeline,
    Stage,
    entry,
    load,
    locked,
    recorded,
    rewritten,
)

logger = logging.getLogger(__name__)

GIGABYTE = 1e9


def renamed(here: Pipeline, lock: dict[str, Any]) -> dict[str, str]:
    """Return the new names, by old name, of stages whose run has only been renamed.

    An entry fits a stage that has none if, under the stage's name, it is up to date.
    """
    pipeline, moves = here, dict[str, str]()
    for new in here.stages:  # a stage stands after those it reads from
        group, _, _ = new.partition("@")
        gone = [old for old in lock if old not in {*here.stages, *moves}]
        for old in gone if new not in lock else []:
            if old.partition("@")[0] != group:
                continue
            moved = entry(under(new, here.stages[new], old, lock[old]))
            trial = Pipeline(here.stages, {**pipeline.entries, new: moved})
            if trial.is_current(new):
                pipeline = trial
                moves[old] = new
                break
    return moves


def under(new: str, stage: Stage, old: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of dvc.lock as it would be if its run had always had the new name."""
    swap = partial(_swap, old.partition("@")[2], new.partition("@")[2])
    read = {*stage.code, *stage.reads}
    outs = [{**out, "path": swap(out["path"])} for out in values["outs"]]
    deps = [
        dep if dep["path"] in read else {**dep, "path": swap(dep["path"])}
        for dep in values["deps"]
    ]
    params = {
        file: {
            swap(key) if key.startswith("runs.") else key: value
            for key, value in settings.items()
        }
        for file, settings in values.get("params", {}).items()
    }
    command = swap(values["cmd"])
    return {**values, "cmd": command, "deps": deps, "params": params, "outs": outs}


def _swap(old: str, new: str, text: str) -> str:
    """Replace a name that stands alone in a command, a path or a dotted key."""
    return re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, text)


def left_behind(here: Pipeline) -> list[Path]:
    """Return what lies beside the outputs of named stages, and no stage writes."""
    written: dict[PurePath, set[str]] = {}
    for name, stage in here.stages.items():
        _, _, key = name.partition("@")
        for out in stage.outs:
            for folder in PurePath(out).parents:
                inside = PurePath(out).relative_to(folder).parts[0]
                if key and PurePath(inside).stem == key:
                    written.setdefault(folder, set()).add(inside)
    return sorted(
        path
        for folder, names in written.items()
        for path in Path(folder).glob("*")
        if path.name not in names and not path.name.startswith(".")
    )


def moved_files(here: Pipeline, moves: dict[str, str]) -> dict[Path, Path]:
    """Return where outputs of renamed stages belong, by where they lie."""
    names = {
        (_swap(new.partition("@")[2], old.partition("@")[2], out), out)
        for old, new in moves.items()
        for out in here.stages[new].outs
    }
    return {
        Path(source): Path(target) for source, target in names if Path(source).exists()
    }


def size(path: Path) -> int:
    """Return the bytes of a file, or of what is in a folder."""
    inside = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in inside if file.is_file())


def move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    with suppress(OSError):  # something else is in the folder of the old name
        source.parent.rmdir()


def rewrite(here: Pipeline, lock: str, moves: dict[str, str], gone: list[str]) -> None:
    """Give entries of dvc.lock their new names, and remove those whose stage is gone."""
    with rewritten(lock) as entries:
        for old, new in moves.items():
            entries[new] = under(new, here.stages[new], old, entries[old])
        for name in (*gone, *moves):
            del entries[name]


def main(*, apply: bool) -> None:
    repo = Repo()
    with locked(repo.lock):
        text = LOCK.read_text(encoding="utf-8")
        here, lock = load(repo, text), recorded(text)
        moves = renamed(here, lock)
        files = moved_files(here, moves)
        kept = {folder for source in files for folder in (source, *source.parents)}
        paths = [path for path in left_behind(here) if path not in kept]
        gone = [name for name in lock if name not in {*here.stages, *moves}]
        for old, new in moves.items():
            logger.info("renamed: %s is %s now", old, new)
        for path in paths:
            logger.info("no stage writes %s (%.3f GB)", path, size(path) / GIGABYTE)
        for name in gone:
            logger.info("%s: %s is not a stage of dvc.yaml", LOCK, name)
        if not (moves or paths or gone):
            logger.info("Nothing is left behind.")
        elif not apply:
            logger.info("`python -m tools.prune --apply` moves and removes these.")
        else:
            rewrite(here, text, moves, gone)
            for source, target in files.items():
                move(source, target)
            for path in paths:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            logger.info(
                "Done. Commit it; `dvc gc --workspace` clears DVC's cache of it."
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.prune")
    parser.add_argument("--apply", action="store_true", help="move and remove")
    command.run(lambda: main(apply=parser.parse_args().apply))
