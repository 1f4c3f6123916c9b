"""Keep results whose code changed, if a small part of the data shows that they stay the same.

Not a stage of dvc.yaml: `make unchanged`, or `python -m tools.unchanged [COMMIT]`. DVC takes any
edit of a stage's code for a change of its results, and would train for hours again. This runs the
stale stages with the code of COMMIT, which made the results of dvc.lock, and with that of HEAD, each
in a clone, on up to 96 faces and for two epochs (or a run's own), and compares the hashes of all
outputs in the two dvc.lock files. Only if all are equal are the hashes of the new code written into
dvc.lock.

A stage runs again if a setting has another value than recorded, if an input was made anew, or if
COMMIT's code is not the code that dvc.lock records. So do `prepare` and what comes before it,
tables, figures and the page.

It does not show what happens only with other numbers of images, in later epochs, in resumed runs,
on other processors or with other versions of packages.

Reads   dvc.lock, data/faces, the history of HEAD
Writes  dvc.lock; a few gigabytes in a temporary folder (TMPDIR says where), removed at the end
"""

import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from dvc.repo import Repo
from dvc.stage import serialize
from dvc.utils.serialize import modify_yaml

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.data import faces
from fer_transfer.results.record import LOCK, changed_setting, hashes, recorded
from tools.pipeline import Pipeline, edited, load
from tools.processes import clone, committed, dvc, git

logger = logging.getLogger(__name__)

# Not made for each variant, run or split, but of what only the machine that searched may have.
ASSESS = "assess"
NUM_FACES = 96  # with 32 a batch, the last batch of training is not a whole one
EPOCHS, BATCH_SIZE = 2, 64  # the latter of the frozen pass
LOW_BYTES = 100e6  # of a disk that is named as almost full


def main(commit: str = "") -> None:
    commit = commit or git("log", "-1", "--format=%H", "--", str(LOCK)).strip()
    commit, head = git("rev-parse", "--verify", commit).strip(), committed()
    now = load(Repo())
    with tempfile.TemporaryDirectory(prefix="unchanged-") as name:
        old, new = Path(name, "old"), Path(name, "new")
        clone(old, commit)
        clone(new, head)
        with chdir(old):
            names = list(comparable(now, load(Repo())))
        if not names:
            logger.info("No stage is stale because of code alone.")
            return
        logger.info("Comparing %s with HEAD: %s.", commit[:7], ", ".join(names))
        needed = needed_for(now, names)
        # At the same time: a stage on little data keeps one core busy.
        with ThreadPoolExecutor() as sides:
            before, after = sides.map(reproduce, (old, new), (needed, needed))
    changed = [
        f"{path} of {stage}"
        for stage in names
        for path in sorted(dict(before[stage].items() ^ after[stage].items()))
    ]
    if changed:
        raise InputError(
            f"The code changed {', '.join(changed)}. Nothing was recorded. Run these stages by "
            "`dvc repro` before the others are compared, or undo the change."
        )
    record(names, now)
    logger.info("Recorded in %s, to be committed: %s.", LOCK, ", ".join(names))


def comparable(now: Pipeline, old: Pipeline) -> Iterator[str]:
    """Name the stages whose entry is stale by code alone, code that the old commit has."""
    for name, stage in now.stages.items():
        is_compared = (stage.generated or name == ASSESS) and name in now.entries
        if is_compared and not now.is_current(name):
            if why := _why_again(now, name, old):
                logger.info("  runs again: %s (%s)", name, why)
            else:
                yield name


def _why_again(now: Pipeline, name: str, old: Pipeline) -> str:
    """Say why a stage has to run again whatever its code does; nothing if it need not."""
    stage, entry = now.stages[name], now.entries[name]
    deps = hashes(entry, "deps")
    if why := changed_setting(stage.settings, entry):
        return why
    for path, by in stage.reads.items():
        if deps.get(path) != now.written(path, by):
            return f"{path} has changed since the stage ran"
    for path, outs in stage.gathers.items():
        is_whole = all(Path(out).exists() for out in outs)
        if is_whole and deps.get(path) != stage.code[path]:
            return f"{path} has changed since the stage ran"
    if stage.outs != hashes(entry, "outs").keys():
        return "it writes other files"
    if name in old.stages:
        of_old = old.stages[name].code
        code = {path: of_old[path] for path in of_old.keys() - stage.gathers.keys()}
        if code.items() <= deps.items():
            return ""
    return "not made by the old commit's code: name the commit that made it"


def needed_for(now: Pipeline, names: list[str]) -> list[str]:
    """Name these stages and those that they read from, apart from what makes the faces."""
    needed = {*names}
    for name, stage in reversed(now.stages.items()):
        if name in needed:
            read = [stage.reads, *stage.gathers.values()]
            writers = {by for outs in read for by in outs.values()}
            needed |= {by for by in writers if now.stages[by].generated}
    return [name for name in now.stages if name in needed]


def reproduce(side: Path, names: list[str]) -> dict[str, dict[str, str]]:
    """Run stages in a clone on a small part of the data; return hashes by stage and output."""
    (side / LOCK).unlink()
    with modify_yaml(str(side / "params.yaml")) as values:
        values["train"]["epochs"] = EPOCHS
        values["features"]["batch_size"] = BATCH_SIZE
        for run in values["runs"].values():
            if run.get("average"):  # moves at every fifth step
                run["batch_size"] = 4
    write_faces(side / faces.FOLDER)
    logger.info("Running %d stages with the %s code.", len(names), side.name)
    site = str(side.parent / "site")  # DVC's own files, of these clones alone
    try:
        dvc(side, "repro", "--single-item", *names, DVC_SITE_CACHE_DIR=site)
    except InputError as error:
        is_full = shutil.disk_usage(side).free < LOW_BYTES
        hint = f" ({side.parent} is full: set TMPDIR to a folder with room)"
        raise InputError(
            f"The {side.name} code stopped on the small part of the data{hint * is_full}: {error}"
        ) from None
    entries = recorded(side / LOCK)
    return {name: hashes(entries[name], "outs") for name in names}


def write_faces(folder: Path) -> None:
    """Write some of the real faces: as many of each class and given part as can be."""
    known, images = faces.read(votes=True), faces.read_images()
    groups = known.table.groupby(["part", "label"], sort=False)
    table = groups.head(max(1, NUM_FACES // groups.ngroups))
    votes = None if known.votes is None else known.votes.loc[table.index]
    part = replace(known, table=table, votes=votes)
    faces.write(part, images[table.index], folder)


def record(names: list[str], now: Pipeline) -> None:
    """Write what the stages' code and settings are now; their inputs and results stay.

    Args:
        names: Stages whose outputs are the same with the new code.
        now: The pipeline that was compared.
    """
    repo = Repo()
    with edited(repo) as here:
        if here != now:
            raise InputError(f"{LOCK}, code or settings changed meanwhile. Run again.")
        stages = {stage.name: stage for stage in repo.stage.load_all()}
        for name in names:
            written = {*now.stages[name].reads, *now.stages[name].gathers}
            for dep in stages[name].deps:
                if dep.def_path not in written:
                    dep.save()
            here.entries.update(serialize.to_lockfile(stages[name]))


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
