"""Reach a Dask scheduler, or start a cluster of processes on this machine."""

import importlib.util
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from distributed import Client, LocalCluster, Semaphore

from fer_transfer.console.errors import InputError
from tools.fleet.costs import memory
from tools.fleet.plan import Chain

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10
ALONE = "fer-fleet"
HAS_BOKEH = importlib.util.find_spec("bokeh") is not None


def quiet() -> None:
    """Keep Dask's log and tracebacks from the user: what matters is said in one line."""
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def connect(address: str) -> Iterator[Client]:
    """Reach a scheduler, and be the only one who deals on it.

    Raises:
        InputError: If it does not answer, or another client deals on it.
    """
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"No Dask scheduler answers at {address} ({' '.join(str(error).split())}). Start "
            "one by `make scheduler`, or name the right one."
        ) from None
    with client:
        # A lease that its client renews: it ends with a client that is killed.
        alone = Semaphore(max_leases=1, name=ALONE)
        if not alone.acquire(timeout=2):
            raise InputError(
                f"Another `make fleet` deals on {address}. Wait until it ends; if it was "
                "killed, its place is free after half a minute."
            )
        try:
            yield client
        finally:
            if client.status == "running":
                alone.release()


@contextmanager
def local(number: int, resource: str) -> Iterator[Client]:
    """Start workers on this machine, reachable from it alone."""
    # Without a dashboard Dask still opens a port for its state.
    address = "127.0.0.1:8787" if HAS_BOKEH else "127.0.0.1:0"
    with (
        LocalCluster(
            host="127.0.0.1",
            n_workers=number,
            threads_per_worker=1,
            memory_limit=0,  # Dask does not see the memory of the stages it starts
            resources={resource: 1},
            dashboard_address=address,
            worker_dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
            local_directory=".fleet/dask",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def room(chains: Iterable[Chain]) -> int:
    """Return how many chains this machine's cores and memory take at once, at least 1."""
    chains = list(chains)
    need = memory(chain.backbone for chain in chains)
    cores = len(os.sched_getaffinity(0))
    free = psutil.virtual_memory().available / 1e9
    return max(1, min(cores, len(chains), int(free / need) if need else 1))


def workers(client: Client) -> dict[str, Any]:
    """Return what the scheduler knows of its workers, by address.

    `Client.scheduler_info` answers from a copy that Dask itself empties now and then.

    Raises:
        OSError: If the scheduler is gone.
    """
    if client.status != "running" or client.scheduler is None:
        raise OSError(f"the connection is {client.status}")
    known: dict[str, Any] = client.sync(client.scheduler.identity, n_workers=-1)
    return known["workers"]  # type: ignore[no-any-return]


def fitting(client: Client, resource: str) -> list[str]:
    """Return the addresses of the workers that have a resource."""
    return [
        key for key, value in workers(client).items() if resource in value["resources"]
    ]


def show_dashboard(client: Client) -> None:
    if HAS_BOKEH:
        logger.info("Dask's dashboard: %s", client.dashboard_link)
    else:
        logger.info("No dashboard: bokeh is not installed (docs/sharing.md).")
