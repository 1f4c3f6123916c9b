"""List what removed and renamed runs, variants and splits left behind: `python -m tools.prune`.

`python -m tools.prune --apply` removes it: entries of dvc.lock whose stage is gone, and what they
say that it wrote. Where a run has only another name in params.yaml, its results move to that name.
DVC's cache keeps what is removed here until `dvc gc`.

Reads   dvc.yaml, params.yaml, dvc.lock
Writes  dvc.lock, in one write; moves and removes outputs
"""

import argparse
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from dvc.utils.fs import remove

from fer_transfer.console import command
from fer_transfer.results.record import LOCK, Entry, hashes
from tools.pipeline import Pipeline, Stage, edited

logger = logging.getLogger(__name__)


def renamed(here: Pipeline) -> dict[str, tuple[str, Entry]]:
    """Return new name and entry, by old name, of stages whose run has only been renamed.

    An entry fits a stage that has none if, under the stage's name, it is up to date.
    """
    pipeline, moves = here, dict[str, tuple[str, Entry]]()
    for new in (name for name in here.stages if name not in here.entries):
        for old in sorted(here.entries.keys() - here.stages.keys() - moves.keys()):
            entry = under(new, here.stages[new], old, here.entries[old])
            if fitting := pipeline.fits(new, entry):
                pipeline = fitting
                moves[old] = new, entry
                break
    return moves


def under(new: str, stage: Stage, old: str, entry: Entry) -> Entry:
    """Return an entry of dvc.lock as it would be if its run had always had the new name.

    What the stages of a group read and write is listed in one order, whatever their run.
    """
    old, new = old.partition("@")[2], new.partition("@")[2]

    def at(paths: Iterable[str], part: str) -> list[dict[str, Any]]:
        # A path too many, which fits no stage, if the stage has fewer than it had.
        items = zip(entry.get(part, []), [*sorted(paths), ""], strict=False)
        return [{**item, "path": path} for item, path in items]

    ran_with = entry.get("params", {}).get("params.yaml", {})
    own = {key.replace(f"runs.{old}", f"runs.{new}"): ran_with[key] for key in ran_with}
    moved = {
        "cmd": entry["cmd"].removesuffix(old) + new,
        "deps": at([*stage.code, *stage.reads], "deps"),
        "params": {"params.yaml": own},
        "outs": at(stage.outs, "outs"),
    }
    return {part: moved[part] for part in entry}


def move(source: Path, target: Path | None) -> None:
    """Move a file or folder, or remove it without a target; then its folder, if that is empty."""
    if target is None:
        remove(source)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    with suppress(OSError):
        source.parent.rmdir()


def main(*, apply: bool) -> None:
    with edited(Repo()) as here:
        lock, moves = here.entries, renamed(here)
        gone = [name for name in lock if name not in {*here.stages, *moves}]
        written = {out for stage in here.stages.values() for out in stage.outs}
        targets: dict[Path, Path | None] = {}
        for old, (new, moved) in moves.items():
            logger.info("renamed: %s is %s now", old, new)
            outs, own = hashes(lock[old], "outs"), hashes(moved, "outs")
            targets |= zip(map(Path, outs), map(Path, own), strict=True)
        for name in gone:
            logger.info("%s: %s is not a stage of dvc.yaml", LOCK, name)
            for path in sorted(hashes(lock[name], "outs").keys() - written):
                logger.info("no stage writes %s any more", path)
                targets[Path(path)] = None
        if not (moves or gone):
            logger.info("No leftovers found.")
        elif not apply:
            logger.info("`python -m tools.prune --apply` moves and removes these.")
        else:
            for source, target in targets.items():
                move(source, target)
            for name in (*gone, *moves):
                del lock[name]
            lock.update(moves.values())
            logger.info("Done. Adapt dvc.yaml's artifacts; commit. See `dvc gc -h`.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.prune")
    parser.add_argument("--apply", action="store_true", help="move and remove")
    command.run(lambda: main(apply=parser.parse_args().apply))
