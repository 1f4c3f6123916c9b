"""Prove on a small part of the data that code changed no result, and record that in dvc.lock.

Not a stage of dvc.yaml: `make unchanged`, or `python -m tools.unchanged [--convert FILE.py]`.
DVC takes any edit of a stage's code for a change of its results, and would train for hours
again. This runs the code that made the results of dvc.lock and the code of HEAD, each in a Git
worktree, on 96 images of the real data for two epochs, one training killed and resumed, and
compares every output of every stage of a variant or a run, and of those they hang on. Only if
all are equal to the last bit does it write the new code's hashes into dvc.lock; the results
stay. Cheap stages that nothing costly hangs on (tables, figures, the page) just run again.

A stage whose setting has another value than recorded, or whose input changed for another
reason than code, is not carried over, nor is one that reads where the data come from. A
stage whose outputs were reformatted on purpose runs again for real first, if it is cheap
(`dvc repro split`); for outputs that Git keeps there is `--convert`: FILE.py defines
`convert(outs: dict[str, bytes]) -> dict[str, bytes]`, from the old outputs of all stages by
path to the new ones. It must give the new code's small outputs bit for bit, and is then applied
to the real ones.

It does not prove: what happens only with other numbers of images, with more memory in use or
in later epochs; a resumed features pass; other processors, and other versions of packages:
both sides run in the environment that is installed. Nor that the results in dvc.lock can be
made again; it proves that the two versions of the code agree.

Reads   dvc.lock, data/images.npz (or data/raw), the history of HEAD
Writes  dvc.lock; with --convert, the outputs of stages that Git keeps
        about six gigabytes in a temporary folder (TMPDIR says where), removed at the end
"""

import argparse
import logging
import runpy
import tempfile
import time
from collections import Counter
from pathlib import Path

from dvc.repo import Repo

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from tools import git, pipeline
from tools.pipeline import LOCK
from tools.unchanged import plan, record, sides, small
from tools.unchanged.verdict import Comparison, Convert, Verdict

logger = logging.getLogger(__name__)

CODE = ("stages", "dvc.yaml", "params.yaml", ".dvcignore")


def main(converter: str) -> None:
    started = time.monotonic()
    convert = load_converter(converter) if converter else None
    head = committed()
    lock = LOCK.read_text(encoding="utf-8")
    planned = plan.make(Repo(), pipeline.load(Repo(), lock))
    if planned.names:
        small.check_data()
        logger.info(
            "Results of %s: comparing %s with HEAD.",
            grouped(planned.names),
            planned.commit[:7],
        )
        prove_and_record(planned, head, lock, convert)
    else:
        logger.info("There is nothing to prove.")
    for name, why in planned.again.items():
        logger.info("  runs again: %s (%s)", name, why)
    logger.info("Took %.0f s.", time.monotonic() - started)


def prove_and_record(
    planned: plan.Plan, head: str, lock: str, convert: Convert | None
) -> None:
    """Run both sides; record what is proven, or raise an InputError."""
    assert planned.past
    with tempfile.TemporaryDirectory(prefix="unchanged-") as name:
        found, first = compare(planned, head, Path(name), convert)
    if found.differ:
        for line in found.differ + [
            f"{name}: {why}" for name, why in found.again.items()
        ]:
            logger.info("  differs: %s", line)
        raise InputError("The results changed. Nothing was recorded.")
    if first:
        raise InputError(f"Nothing was recorded. {plan.run_first(first)}")
    if committed() != head:
        raise InputError("HEAD moved meanwhile. Nothing was recorded. Run this again.")
    written, gone = dict[str, bytes](), set[str]()
    if convert:
        written, gone = record.convert_real(
            convert, found.proven, planned.past, planned.now
        )
    record.record(found.proven, lock, written)
    for path in gone:
        Path(path).unlink()
    logger.info("Recorded in %s, to be committed: %s.", LOCK, grouped(found.proven))
    planned.again |= found.again
    remaining = record.remaining()
    if set(remaining) & set(found.proven):
        raise InputError(
            f"DVC would still run {grouped(sorted(set(remaining) & set(found.proven)))}. "
            f"Restore {LOCK} and the outputs from Git."
        )
    if remaining:
        logger.info("`dvc repro` would run: %s.", grouped(remaining))


def compare(
    planned: plan.Plan, head: str, folder: Path, convert: Convert | None
) -> tuple[Verdict, set[str]]:
    """Run both sides in a folder; say what they agree on, and what must run for real first."""
    assert planned.past
    now, before, names = planned.now, planned.past, planned.names
    with (
        sides.worktree("old", planned.commit, folder) as old,
        sides.worktree("new", head, folder) as new,
    ):
        sides.write_small_part(new, folder / "small.csv")
        for side, defined in ((old, before), (new, now)):
            small.write_settings(side.folder / "params.yaml", folder / "small.csv")
            number = len(names) + len(defined.upstream(set(names)))
            logger.info("Running the %s code: %d stages.", side.name, number)
            if side is old:
                sides.reproduce(side, names, number)
            else:
                reproduce_and_resume(side, names, number)
        compared = Comparison(before, now, old, new, old.entries(), new.entries())
        found = compared.judge(names, convert)
        return found, compared.run_first(found.proven)


def reproduce_and_resume(side: sides.Side, names: list[str], number: int) -> None:
    """Run stages; kill the first that writes a checkpoint, and let it go on from there."""
    killed = sides.reproduce(side, names, number, kill=True)
    if not killed and not (side.folder / sides.CHECKPOINTS).exists():
        logger.info("No stage wrote a checkpoint; resuming was not tried.")
        return
    if not killed or not side.checkpoints():
        raise InputError(
            "A stage with a checkpoint ended before it could be killed. Run this again."
        )
    logger.info(
        "Killed at a checkpoint (%s); going on.", side.checkpoints()[0].parent.name
    )
    sides.reproduce(side, names, number)
    if side.checkpoints():
        raise InputError("A stage that was killed did not go on from its checkpoint.")


def load_converter(path: str) -> Convert:
    defined = runpy.run_path(path) if Path(path).is_file() else {}
    if "convert" not in defined:
        raise InputError(f"{path} does not define `convert(outs)`.")
    convert: Convert = defined["convert"]
    return convert


def committed() -> str:
    """Return HEAD, or raise an InputError if its code is not the code in this folder."""
    if not LOCK.is_file():
        raise InputError(f"There is no {LOCK}. Run from the project's top folder.")
    return git.committed(CODE)


def grouped(names: list[str]) -> str:
    """Count stages by group.

    >>> grouped(["split", "train@a", "train@b"])
    'split, train (2)'
    """
    counts = Counter(name.partition("@")[0] for name in names)
    several = {name.partition("@")[0] for name in names if "@" in name}
    return ", ".join(
        f"{group} ({number})" if group in several else group
        for group, number in counts.items()
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.unchanged")
    parser.add_argument("--convert", metavar="FILE.py", default="")
    command.run(main, parser.parse_args().convert)
