"""Work on all cores, in order, a few values ahead: memory does not grow with their number."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

CORES = os.cpu_count() or 1

Value = TypeVar("Value")
Result = TypeVar("Result")


def in_order(
    function: Callable[[Value], Result], values: Iterable[Value]
) -> Iterator[Result]:
    """Yield the function's result for each value; values are taken when a core is near it."""
    running: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(CORES) as pool:
        for value in values:
            running.append(pool.submit(function, value))
            if len(running) > 2 * CORES:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
