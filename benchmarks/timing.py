"""Time two or more ways of doing one thing, in turns, so that other load affects all alike."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
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
def elsewhere(maker: str, *arguments: Any) -> Iterator[dict[str, Callable[[], object]]]:
    """Give what a function of benchmarks/peer.py makes, in a process of its own.

    That is nothing where torchvision is not installed.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:

        def call(function: Callable[..., Any], *arguments: Any) -> Any:
            return process.submit(function, *arguments).result()

        names = call(_make, maker, *arguments) if find_spec("torchvision") else []
        yield {name: partial(call, _call, name) for name in names}


_made: dict[str, Callable[[], None]] = {}  # in the process of the peer


def _make(maker: str, *arguments: Any) -> list[str]:
    _made.update(getattr(import_module("benchmarks.peer"), maker)(*arguments))
    return list(_made)


def _call(name: str) -> None:
    _made[name]()
