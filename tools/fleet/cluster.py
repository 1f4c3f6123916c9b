"""Reach a Dask scheduler, or start one with workers on this machine; run tasks there."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import psutil
from distributed import Client, as_completed

from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from tools.fleet.chain import Result, Task, key_of
from tools.fleet.worker import TOPIC, resource, work

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10
RETRIES = 2  # of a chain that failed; Dask counts workers that vanished by itself
MEMORY = 4.2e9  # bytes that a chain takes at most (docs/performance.md: VGG-Face)


def connect(address: str) -> Client:
    """Reach a scheduler.

    Raises:
        InputError: If it does not answer.
    """
    try:
        return Client(address, timeout=CONNECT_SECONDS)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise InputError(
            f"No Dask scheduler answers at {address} ({' '.join(str(error).split())}). Start "
            "one by `make scheduler`, or name the right one."
        ) from None


def local() -> Client:
    """Start as many workers as fit on this machine, reachable from it alone."""
    free = int(psutil.virtual_memory().available / MEMORY)
    return Client(
        host="127.0.0.1",
        n_workers=max(1, min(len(psutil.Process().cpu_affinity()), free)),
        threads_per_worker=1,
        memory_limit=0,  # Dask does not see the memory of the stages it starts
        resources={resource(): 1},
        # Without a dashboard Dask still opens a port for its state.
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        local_directory=".fleet/dask",
    )


def machines(client: Client) -> int:
    """Count the workers that fit, and say so if there are none."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    fitting = [worker for worker in workers if resource() in worker["resources"]]
    if not fitting:
        logger.warning(
            "Waiting for workers (`make worker`). Connected, but with another requirements.lock, "
            "Python, NumPy or tools/fleet: %d. Update their clones, run `make install`, restart them.",
            len(workers),
        )
    return len(fitting)


def run(client: Client, tasks: Sequence[Task]) -> Iterator[tuple[str, Result | str]]:
    """Run tasks, the first task first; yield each one's name with its result, or why it failed.

    Dask keeps them and their results, and goes on, if this client ends before it has taken
    them: the next client that asks for the same tasks gets these.

    Raises:
        InputError: If the scheduler goes away.
    """
    with Progress(len(tasks), "chain") as progress:
        client.subscribe_topic(TOPIC, lambda event: progress.say(event[1]))
        options: Any = {"retries": RETRIES, "resources": {resource(): 1}}
        futures = [
            client.submit(work, task, key=key_of(task), priority=-place, **options)
            for place, task in enumerate(tasks)
        ]
        by_key = {future.key: future for future in futures}
        client.publish_dataset(by_key, override=True)
        for future in as_completed(futures):
            if future.status not in ("finished", "error"):
                raise InputError(
                    "The scheduler is gone. Start it and its workers, then run this again: "
                    "finished chains are kept."
                )
            error = future.exception()
            name = future.key.rpartition("-")[0]
            yield name, " ".join(str(error).split()) if error else future.result()
            client.unpublish_dataset(future.key)
            progress.update(1)
            progress.say(f"{name}: {'failed' if error else 'finished'}")
