"""Deal tasks over the workers of a Dask cluster, and get their results back.

The client keeps the queue: a worker gets its next chain when it has finished one. So the longest
go first wherever workers join, and Ctrl-C stops the dealing; Dask itself would assign all at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, Future

from fer_transfer.console.errors import InputError, remedy
from fer_transfer.console.progress import Progress
from tools.fleet import cluster
from tools.fleet.messages import Outcome, Result, Task
from tools.fleet.remote import TOPIC, work
from tools.fleet.tasks import fault

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # how often workers that joined or left are noticed
WAITING_SECONDS = 60  # how often it is said that there are none
ATTEMPTS = 3  # machines that a chain may fail on, and machines that may vanish under it


@dataclass
class Deal:
    """A task on its way."""

    task: Task
    tried: set[str] = field(default_factory=set)
    lost: int = 0
    bundle: bool = False
    address: str = ""
    future: "Future[Result] | None" = None
    began: float = 0.0


class Dealer:
    """Deals tasks until none is left.

    Args:
        client: Of the cluster.
        resource: What a worker must offer: it names the packages (`fer-<hash>`).
        bundle: Gives the Git bundle of the commit, for workers that lack it.
        keep: Takes each result as it arrives.
        function: What a worker runs.
    """

    def __init__(
        self,
        client: Client,
        resource: str,
        bundle: Callable[[], bytes],
        keep: Callable[[Task, Result], None],
        function: Callable[[Task, bytes | None], Result] = work,
    ) -> None:
        self.client, self.resource = client, resource
        self.bundle, self.keep, self.function = bundle, keep, function
        self.outcome = Outcome()
        self.woken = threading.Event()
        self.names: dict[str, str] = {}
        self.waited = time.monotonic() - WAITING_SECONDS

    def run(self, tasks: Iterable[Task]) -> Outcome:
        """Deal, the first task first; return when all are done or failed.

        Raises:
            InputError: If the scheduler goes away.
        """
        queue = [Deal(task) for task in tasks]
        running: list[Deal] = []
        with Progress(len(queue), "chain") as self.progress:
            self.client.subscribe_topic(TOPIC, self._show)
            try:
                while queue or running:
                    self.woken.clear()
                    free = self._workers() - {deal.address for deal in running}
                    self._lost(queue, running)
                    self._start(queue, running, free)
                    self.woken.wait(LOOK_SECONDS)
                    self._collect(queue, running)
            except (OSError, TimeoutError) as error:
                raise InputError(
                    f"The scheduler is gone ({_line(error)}). Start it and its workers, then run "
                    "this again: it goes on from what is finished."
                ) from None
            finally:
                self._cancel(running)
        return self.outcome

    def _workers(self) -> set[str]:
        """Return the addresses of the workers that fit."""
        known = cluster.workers(self.client)
        self.names |= {key: str(value["name"]) for key, value in known.items()}
        self.present = {
            key for key, value in known.items() if self.resource in value["resources"]
        }
        if not self.present and time.monotonic() - self.waited > WAITING_SECONDS:
            self.waited = time.monotonic()
            others = (
                f" {len(known)} there have another requirements.lock or tools/fleet: update "
                "their clones, `make install`, start them again."
            )
            self.progress.say(
                f"Waiting for workers with {self.resource} (`make worker`)."
                f"{others if known else ''}"
            )
        return set(self.present)

    def _lost(self, queue: list[Deal], running: list[Deal]) -> None:
        """Take back what was given to a worker that is no longer there."""
        for deal in [deal for deal in running if deal.address not in self.present]:
            assert deal.future
            if not deal.future.done():
                running.remove(deal)
                deal.future.cancel()
                self._vanished(deal, queue)

    def _vanished(self, deal: Deal, queue: list[Deal]) -> None:
        deal.lost += 1
        if deal.lost >= ATTEMPTS:
            self._fail(
                deal, f"{deal.lost} workers vanished while they ran it (memory?)"
            )
        else:
            self.progress.say(f"{deal.task['name']}: {self._at(deal)} vanished; queued")
            queue.insert(0, deal)

    def _start(self, queue: list[Deal], running: list[Deal], free: set[str]) -> None:
        for deal in list(queue):
            if deal.tried and not self.present - deal.tried:
                queue.remove(deal)  # it failed wherever it could run
                self._fail(deal, self.outcome.failed[deal.task["name"]])
            elif free - deal.tried:
                deal.address = min(free - deal.tried)
                free.remove(deal.address)
                queue.remove(deal)
                running.append(deal)
                self._submit(deal)

    def _submit(self, deal: Deal) -> None:
        if not deal.bundle:
            deal.began = time.monotonic()
            self.progress.say(f"{deal.task['name']}: to {self._at(deal)}")
        deal.future = self.client.submit(
            self.function,
            deal.task,
            self.bundle() if deal.bundle else None,
            workers=[deal.address],
            resources={self.resource: 1},
            pure=False,
        )
        deal.future.add_done_callback(lambda _: self.woken.set())

    def _collect(self, queue: list[Deal], running: list[Deal]) -> None:
        for deal in [deal for deal in running if deal.future and deal.future.done()]:
            assert deal.future
            if deal.future.cancelled() or deal.future.status == "lost":
                raise OSError("it dropped what it was given")
            name = deal.task["name"]
            error = deal.future.exception()
            result: Result = {"error": _line(error)} if error else deal.future.result()
            if result.get("needs_bundle") and not deal.bundle:
                deal.bundle = True
                self._submit(deal)
                continue
            running.remove(deal)
            why = fault(deal.task, result)
            if why:
                deal.tried.add(deal.address)
                deal.bundle = False
                self.outcome.failed[name] = why
                if len(deal.tried) >= ATTEMPTS:
                    self._fail(deal, why)
                else:
                    self.progress.say(f"{name}: failed on {self._at(deal)}: {why}")
                    queue.append(deal)
                continue
            self._keep(deal.task, result)
            seconds = time.monotonic() - deal.began
            self.outcome.failed.pop(name, None)
            self.outcome.seconds[name] = (seconds, self._at(deal))
            self.progress.update(1)
            self.progress.say(f"{name}: finished on {self._at(deal)}, {seconds:.0f} s")

    def _keep(self, task: Task, result: Result) -> None:
        """Keep a result; what this machine's disk refuses is not the scheduler's fault."""
        try:
            self.keep(task, result)
        except OSError as error:
            raise InputError(
                f"The result of {task['name']} could not be kept: {_line(error)}. {remedy(error)} "
                "Then run this again: it goes on from what is finished."
            ) from error

    def _fail(self, deal: Deal, why: str) -> None:
        name = deal.task["name"]
        machines = f" on {len(deal.tried)} workers" if len(deal.tried) > 1 else ""
        self.outcome.failed[name] = why
        self.progress.update(1)
        self.progress.say(f"{name}: FAILED{machines}: {why}")

    def _cancel(self, running: list[Deal]) -> None:
        if self.client.status == "running":
            self.client.cancel([deal.future for deal in running if deal.future])

    def _at(self, deal: Deal) -> str:
        return self.names.get(deal.address, deal.address)

    def _show(self, event: tuple[float, Any]) -> None:
        """Show what a worker says; it is called in Dask's own thread."""
        said = event[1]
        self.progress.say(f"{said['chain']}: {said['line']}")


def _line(error: BaseException | None) -> str:
    if "deserialization of the task graph" in str(error):
        return "the scheduler does not have this code: start it by `make scheduler`"
    return " ".join(str(error).split()) or type(error).__name__
