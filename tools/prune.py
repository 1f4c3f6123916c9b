"""List what removed and renamed runs, variants and splits left behind: `python -m tools.prune`.

`python -m tools.prune --apply` removes it: entries of dvc.lock whose stage is gone, and what they
say that it wrote. Where a run has only another name in params.yaml, its results move to that name.
DVC's cache keeps what is removed here until `dvc gc`.

Reads   dvc.yaml, params.yaml, dvc.lock
Writes  dvc.lock, in one write; moves and removes outputs
"""

import argparse
import logging
import re
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path
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


def renamed(
    here: Pipeline, lock: dict[str, Any]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return new name and entry, by old name, of stages whose run has only been renamed.

    An entry fits a stage that has none if, under the stage's name, it is up to date.
    """
    pipeline, moves = here, dict[str, tuple[str, dict[str, Any]]]()
    for new in (name for name in here.stages if name not in lock):
        for old in (name for name in lock if name not in {*here.stages, *moves}):
            if old.partition("@")[0] != new.partition("@")[0]:
                continue
            moved = under(new, here.stages[new], old, lock[old])
            if fitting := pipeline.fits(new, entry(moved)):
                pipeline = fitting
                moves[old] = new, moved
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


def outputs(values: dict[str, Any]) -> list[Path]:
    return [Path(out["path"]) for out in values.get("outs", [])]


def size(path: Path) -> int:
    """Return the bytes of a file, or of what is in a folder."""
    files = [path, *path.rglob("*")]
    return sum(file.stat().st_size for file in files if file.is_file())


def move(source: Path, target: Path | None) -> None:
    """Move a file or folder, or remove it without a target; then its folder, if that is empty."""
    if not source.exists():
        return
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    elif source.is_dir():
        shutil.rmtree(source)
    else:
        source.unlink()
    with suppress(OSError):
        source.parent.rmdir()


def main(*, apply: bool) -> None:
    repo = Repo()
    with locked(repo.lock):
        text = LOCK.read_text(encoding="utf-8")
        here, lock = load(repo, text), recorded(text)
        moves = renamed(here, lock)
        gone = [name for name in lock if name not in {*here.stages, *moves}]
        written = {Path(out) for stage in here.stages.values() for out in stage.outs}
        left = {path for name in gone for path in outputs(lock[name])} - written
        targets: dict[Path, Path | None] = dict.fromkeys(sorted(left))
        for old, (new, moved) in moves.items():
            logger.info("renamed: %s is %s now", old, new)
            targets |= zip(outputs(lock[old]), outputs(moved), strict=True)
        for name in gone:
            logger.info("%s: %s is not a stage of dvc.yaml", LOCK, name)
        for path in sorted(left):
            logger.info("no stage writes %s (%.3f GB)", path, size(path) / GIGABYTE)
        if not (moves or gone):
            logger.info("Nothing is left behind.")
        elif not apply:
            logger.info("`python -m tools.prune --apply` moves and removes these.")
        else:
            with rewritten(text) as entries:
                entries.update(moves.values())
                for name in (*gone, *moves):
                    del entries[name]
            for source, target in targets.items():
                move(source, target)
            logger.info(
                "Done. Commit it; `dvc gc --workspace` clears DVC's cache of it."
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.prune")
    parser.add_argument("--apply", action="store_true", help="move and remove")
    command.run(lambda: main(apply=parser.parse_args().apply))
