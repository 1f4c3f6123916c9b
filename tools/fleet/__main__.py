"""Run what is stale on several machines: `make fleet SCHEDULER=tcp://HOST:8786`.

`python -m tools.fleet [--scheduler tcp://HOST:8786] [TARGET ...]`. Targets are those of `dvc
repro`. This machine runs what all runs need (the data, the splits), hands out a
chain per variant, merges what comes back into dvc.lock, and makes tables and page. It trains
nothing. Without a scheduler the workers are processes of this machine, which share its cores and
DVC's cache, and no remote is needed. See docs/sharing.md.

Reads   dvc.yaml, dvc.lock, params.yaml; the results of workers
Writes  what `dvc repro` writes; with a scheduler, what DVC caches of runs is on the remote
"""

import argparse
import logging
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from distributed import Client
from distributed.diagnostics.plugin import UploadFile
from dvc.repo import Repo

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.results.record import LOCK
from tools.fleet import cluster, plan
from tools.fleet.chain import Task
from tools.merge import merge
from tools.pipeline import load
from tools.processes import committed, dvc, git

logger = logging.getLogger(__name__)

REFUSED = "refused at the merge: its code, settings or inputs differ from those here"


def main(scheduler: str, targets: Sequence[str]) -> None:
    # Dask's log and tracebacks: what matters is said in one line.
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    commit = committed()  # what workers check out
    if scheduler and "remote =" not in git("show", "HEAD:.dvc/config"):
        raise InputError("Commit a remote in .dvc/config: workers get data there.")
    head, body, tail = plan.read(Repo(), targets)
    with cluster.connect(scheduler) if scheduler else cluster.local() as client:
        if scheduler:  # what a colleague has is not made again
            with suppress(InputError):
                _dvc("pull --allow-missing", head)
        _dvc("repro", head)
        here = load(Repo())
        chains = plan.chains(here, body, cluster.machines(client))
        cache = "" if scheduler else str(Repo().cache.local_cache_dir)
        tasks = [plan.task(here, chain, commit, cache) for chain in chains]
        if tasks and scheduler:
            _send(client, tasks, commit)
        failed = _run(client, tasks) if tasks else {}
    _check(body, failed)
    made = set() if scheduler else {stage for chain in chains for stage in chain}
    fetch = "pull" if scheduler else "checkout"
    # DVC does not fetch what is read as a folder, such as what searches chose.
    _dvc(fetch, made | plan.gathered(load(Repo()), tail))
    _dvc("repro --single-item", tail)


def _dvc(subcommand: str, stages: Collection[str]) -> None:
    """Run a dvc command here on some stages, if there are any; the user sees its output."""
    if stages:
        dvc(Path(), *subcommand.split(), *stages, on_line=sys.stderr.write)


def _send(client: Client, tasks: list[Task], commit: str) -> None:
    """Push what the workers will pull, and send them the commit."""
    _dvc("push", {name for task in tasks for name in task["entries"]})
    bundle = Path(f".fleet/{commit}.bundle")
    bundle.parent.mkdir(exist_ok=True)
    git("bundle", "create", "--quiet", str(bundle), "HEAD")
    # To all workers, and to those that come later.
    client.register_plugin(UploadFile(str(bundle), load=False), name=bundle.name)
    bundle.unlink()


def _run(client: Client, tasks: list[Task]) -> dict[str, str]:
    """Run chains, and merge results as they arrive; return why some failed, by name."""
    logger.info("%d chains: %s.", len(tasks), ", ".join(task["name"] for task in tasks))
    failed = {}
    for name, outcome in cluster.run(client, tasks):
        if isinstance(outcome, str):
            failed[name] = outcome
            continue
        entries, contents = outcome
        taken, refused = merge(entries, contents.__getitem__)
        logger.info("Merged %d stages into %s.", len(taken), LOCK)
        failed |= dict.fromkeys(refused, REFUSED)
    return failed


def _check(body: list[str], failed: dict[str, str]) -> None:
    """Raise an InputError unless all chains have results."""
    for name, why in failed.items():
        logger.error("%s: %s", name, why)
    if failed:
        raise InputError(
            f"Without results: {', '.join(failed)}; finished chains are merged. Fix the cause, "
            "then run this again. `dvc repro -f -s tabulate plot report` makes tables and page "
            "from what there is."
        )
    left = sorted(plan.stale(load(Repo()), body))
    if left:
        raise InputError(
            f"Still stale: {', '.join(left)}. Their inputs are new: features that another "
            "processor computes may differ in their last bits. Run this again."
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.fleet")
    parser.add_argument("--scheduler", default="", metavar="tcp://HOST:8786")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    command.run(lambda: main(**vars(parser.parse_args())))
