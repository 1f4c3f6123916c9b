"""Run what is stale on several machines: `make fleet SCHEDULER=tcp://HOST:8786`.

`python -m tools.fleet [--scheduler tcp://HOST:8786] [--workers N] [TARGET ...]`. Targets are
those of `dvc repro`. This machine runs what all runs need (the data, the split), hands out a
chain per variant, merges what comes back into dvc.lock in one write, and makes tables and page.
It trains nothing. Without a scheduler the workers are processes of this machine, which share its
cores and DVC's cache, and no remote is needed. See docs/sharing.md.

Reads   dvc.yaml, dvc.lock, params.yaml; the results of workers
Writes  what `dvc repro` writes; with a scheduler, what DVC caches of runs is on the remote
"""

import argparse
import logging
import os
from collections import defaultdict
from collections.abc import Sequence

from distributed import Client
from dvc.repo import Repo

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from tools.fleet import cluster, here, plan, results, tasks
from tools.fleet.dealing import Dealer
from tools.fleet.messages import Outcome, Result, Task, key_of
from tools.fleet.worker import resource
from tools.git import committed
from tools.pipeline import LOCK

logger = logging.getLogger(__name__)

# What workers check out: it must be in the commit.
CODE = ("stages", "dvc.yaml", "params.yaml", ".dvcignore", ".dvc/config")


def main(scheduler: str, workers: int, threads: int, targets: Sequence[str]) -> None:
    cluster.quiet()
    with results.alone():
        commit = committed(CODE)
        taken, _ = results.merge_saved()
        if taken:
            logger.info("Merged %d stages of an earlier run.", len(taken))
        planned = plan.read(Repo(), targets)
        if scheduler:
            here.check_remote(Repo())
            with cluster.connect(scheduler) as client:
                here.run_head(planned.head, remote=True)
                machines = workers or len(cluster.fitting(client, resource()))
                made = _tasks(planned, commit, machines, threads)
                here.push({path for task in made for path in task["pull"]})
                outcome = _deal(client, made, planned.order)
        else:
            here.run_head(planned.head, remote=False)
            machines = workers or cluster.room(_cut(planned, 1))
            # Workers share the cores, but count threads as one machine's run would.
            threads = threads or len(os.sched_getaffinity(0))
            made = _tasks(planned, commit, machines, threads, here.cache())
            with cluster.local(machines if made else 0, resource()) as client:
                outcome = _deal(client, made, planned.order)
        _finish(outcome, planned, made, local=not scheduler)


def _tasks(
    planned: plan.Plan, commit: str, machines: int, threads: int, cache: str = ""
) -> list[Task]:
    pipeline, entries = here.state()
    workers = machines if cache else 0
    return [
        tasks.make(pipeline, entries, chain, commit, cache, workers, threads)
        for chain in plan.chains(pipeline, planned.order, machines)
    ]


def _cut(planned: plan.Plan, machines: int) -> list[plan.Chain]:
    return plan.chains(here.state()[0], planned.order, machines)


def _deal(client: Client, made: list[Task], order: Sequence[str]) -> Outcome:
    """Deal, and merge what was finished, whatever else happens."""
    if not made:
        return Outcome()
    logger.info("%d chains: %s.", len(made), ", ".join(task["name"] for task in made))
    cluster.show_dashboard(client)

    def keep(task: Task, result: Result) -> None:
        results.save(key_of(task), result)

    dealer = Dealer(client, resource(), here.bundle, keep)
    try:
        return dealer.run(made)
    except KeyboardInterrupt:
        logger.info("Stopped. What a worker has begun it ends, and keeps for the next.")
        raise
    finally:
        taken, refused = results.merge_saved()
        results.sort_lock(order)
        logger.info("Merged %d stages into %s.", len(taken), LOCK)
        for name in refused:
            why = "its code, settings or inputs are not those here (or not any more)"
            dealer.outcome.failed[name] = f"refused at the merge: {why}"


def _finish(
    outcome: Outcome, planned: plan.Plan, made: list[Task], *, local: bool
) -> None:
    """Make tables and page, if all runs have results; say what took how long."""
    _summarise(outcome)
    if outcome.failed:
        for name, why in outcome.failed.items():
            logger.error("%s: %s", name, why)
        raise InputError(
            f"Without results: {', '.join(outcome.failed)}; what is finished is merged. Put "
            "that right, then run this again. `dvc repro -f -s tabulate plot report` makes tables "
            "and page from what there is."
        )
    pipeline, _ = here.state()
    left = sorted(plan.stale(pipeline, planned.order))
    if left:
        raise InputError(
            f"Still stale: {', '.join(left)}. Their inputs are new: features that another "
            "processor computes may differ in their last bits. Run this again."
        )
    if local and made:
        here.dvc(
            "checkout", "--quiet", *(name for task in made for name in task["stages"])
        )
    if planned.tail:
        here.dvc("repro", "--single-item", *planned.tail)
        results.sort_lock(planned.order)


def _summarise(outcome: Outcome) -> None:
    by_worker = defaultdict(list)
    for name, (seconds, worker) in outcome.seconds.items():
        logger.info("  %-40s %8.1f min  %s", name, seconds / 60, worker)
        by_worker[worker].append(seconds)
    for worker, spent in sorted(by_worker.items()):
        logger.info("  %s: %d chains, %.1f min", worker, len(spent), sum(spent) / 60)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.fleet")
    parser.add_argument("--scheduler", default="", metavar="tcp://HOST:8786")
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="N",
        help="without a scheduler: how many to start; with one: how many will come",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        metavar="N",
        help="of TensorFlow, on every worker; else its cores, or without a scheduler this machine's",
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    given = parser.parse_args()
    command.run(
        lambda: main(given.scheduler, given.workers, given.threads, given.targets)
    )
