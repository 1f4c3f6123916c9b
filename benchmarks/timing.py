"""Time two or more ways of doing one thing, in turns, so that other load affects all alike."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from typing import Any

REPEATS = 3

# By name: a function, and of how many images.
Ways = dict[str, tuple[Callable[[], object], int]]


def medians(ways: Ways) -> dict[str, float]:
    """Return each way's median seconds for one of its images; a first call warms it up."""
    for way, _ in ways.values():
        way()
    seconds = defaultdict(list)
    for _ in range(REPEATS):
        for name, (way, number) in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append((time.perf_counter() - started) / number)
    return {name: statistics.median(times) for name, times in seconds.items()}


def show(title: str, ours: float, other: float, other_name: str) -> None:
    """Print our seconds and those of another way."""
    print(
        f"{title:48} {ours:9.4g} s {other:9.4g} s  {other_name:22} {other / ours:6.2f} times",
        flush=True,
    )


@contextmanager
def elsewhere(maker: str, *arguments: Any) -> Iterator[Callable[[int], None]]:
    """Give a call of the functions that one of benchmarks/peer.py makes, in their own process."""
    with ProcessPoolExecutor(
        1, get_context("spawn"), _make, (maker, *arguments)
    ) as process:
        yield lambda number: process.submit(_call, number).result()


_made: list[Callable[[], None]] = []  # in the process of the peer


def _make(maker: str, *arguments: Any) -> None:
    _made.extend(getattr(import_module("benchmarks.peer"), maker)(*arguments))


def _call(number: int) -> None:
    _made[number]()
