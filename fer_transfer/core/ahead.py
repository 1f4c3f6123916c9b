"""Make values in other threads, a few ahead of whoever takes them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Value = TypeVar("Value")
Made = TypeVar("Made")


def in_order(
    make: Callable[[Value], Made], values: Iterable[Value], ahead: int, threads: int = 1
) -> Iterator[Made]:
    """Yield what is made of each value, in their order; so many are made ahead, and no more."""
    running: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for value in values:
            running.append(pool.submit(make, value))
            if len(running) > ahead:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
