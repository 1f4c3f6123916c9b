"""What a Dask worker calls: all of Dask that a worker sees."""

from distributed import get_worker

from tools.fleet import chain
from tools.fleet.messages import Result, Task

TOPIC = "fer-fleet"  # of what workers say


def work(task: Task, bundle: bytes | None = None) -> Result:
    """Run a chain in a Dask worker; what it says goes to the client."""
    worker = get_worker()

    def say(line: str) -> None:
        worker.log_event(TOPIC, {"chain": task["name"], "line": line})

    return chain.run(task, bundle, say)
