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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from dvc.repo import Repo
from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update

from fer_transfer.console import command
from fer_transfer.core import files
from tools.pipeline import LOCK, Pipeline, Stage, entry, load, locked

logger = logging.getLogger(__name__)

GIGABYTE = 1e9


def renamed(here: Pipeline, recorded: dict[str, Any]) -> dict[str, str]:
    """Return the new names, by old name, of stages whose run has only been renamed.

    An entry fits a stage that has none if, under the stage's name, it is up to date.
    """
    known = {name: values for name, values in recorded.items() if name in here.stages}
    pipeline = Pipeline(here.stages, {name: entry(v) for name, v in known.items()})
    moves: dict[str, str] = {}
    for new in here.stages:  # a stage stands after those it reads from
        group, _, _ = new.partition("@")
        if new in recorded:
            continue
        for old in recorded:
            if old in here.stages or old in moves or old.partition("@")[0] != group:
                continue
            moved = entry(under(new, here.stages[new], old, recorded[old]))
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

    def path_of_dep(path: str) -> str:
        return path if path in read else swap(path)

    moved = {**values, "cmd": swap(values["cmd"])}
    for part, change in (("deps", path_of_dep), ("outs", swap)):
        if part in values:
            moved[part] = [
                {**item, "path": change(item["path"])} for item in values[part]
            ]
    if "params" in values:
        moved["params"] = {
            file: {
                swap(key) if key.startswith("runs.") else key: value
                for key, value in section.items()
            }
            for file, section in values["params"].items()
        }
    return moved


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


def moves_of_files(
    here: Pipeline, moves: dict[str, str]
) -> Iterator[tuple[Path, Path]]:
    """Yield where outputs of renamed stages lie, and where they belong."""
    for old, new in moves.items():
        for out in sorted(here.stages[new].outs):
            source = Path(_swap(new.partition("@")[2], old.partition("@")[2], out))
            if source.exists():
                yield source, Path(out)


def size(path: Path) -> int:
    inside = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in inside if file.is_file())


@dataclass(frozen=True)
class Leftovers:
    """What to move, and what to remove."""

    moves: dict[str, str]  # of entries, from the old name to the new one
    files: list[
        tuple[Path, Path]
    ]  # of outputs, from where they lie to where they belong
    paths: list[Path]
    entries: list[str]

    def describe(self) -> None:
        for old, new in self.moves.items():
            logger.info("renamed: %s is %s now", old, new)
        for path in self.paths:
            logger.info("no stage writes %s (%.3f GB)", path, size(path) / GIGABYTE)
        for name in self.entries:
            logger.info("%s: %s is not a stage of dvc.yaml", LOCK, name)

    def move_and_remove(self, here: Pipeline, lock: Any) -> None:
        for old, new in self.moves.items():
            lock["stages"][new] = under(new, here.stages[new], old, lock["stages"][old])
        for name in [*self.entries, *self.moves]:
            del lock["stages"][name]
        for source, target in self.files:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
            with suppress(OSError):
                source.parent.rmdir()  # the folder of the old name, if nothing else is in it
        with files.atomic_write(LOCK) as part:
            part.write_text(str(dumps_yaml(lock)), encoding="utf-8", newline="\n")
        for path in self.paths:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def find(here: Pipeline, recorded: dict[str, Any]) -> Leftovers:
    """Compare dvc.lock and the folders of outputs with the stages of dvc.yaml."""
    moves = renamed(here, recorded)
    moved = list(moves_of_files(here, moves))
    beside = {folder for source, _ in moved for folder in (source, *source.parents)}
    return Leftovers(
        moves,
        moved,
        [path for path in left_behind(here) if path not in beside],
        [name for name in recorded if name not in {*here.stages, *moves}],
    )


def main(*, apply: bool) -> None:
    repo = Repo()
    with locked(repo.lock):
        text = LOCK.read_text(encoding="utf-8")
        here = load(repo, text)
        lock: Any = parse_yaml_for_update(text, str(LOCK))
        leftovers = find(here, lock.get("stages", {}))
        leftovers.describe()
        if not (leftovers.moves or leftovers.paths or leftovers.entries):
            logger.info("Nothing is left behind.")
        elif apply:
            leftovers.move_and_remove(here, lock)
            logger.info(
                "Done. Commit it; `dvc gc --workspace` clears DVC's cache of it."
            )
        else:
            logger.info("`python -m tools.prune --apply` moves and removes these.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.prune")
    parser.add_argument("--apply", action="store_true", help="move and remove")
    command.run(lambda: main(apply=parser.parse_args().apply))
