"""Time two or more ways of doing one thing, in turns, so that other load affects all alike."""

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from statistics import median
from timeit import timeit
from typing import Any

REPEATS = 3

# By name: a function, and of how many images.
Ways = dict[str, tuple[Callable[[], object], int]]


def medians(ways: Ways) -> dict[str, float]:
    """Return each way's median seconds for one of its images; a first call warms it up."""
    turns = [  # timeit alone would turn garbage collection off
        {name: timeit(way, gc.enable, number=1) / n for name, (way, n) in ways.items()}
        for _ in range(1 + REPEATS)
    ]
    return {name: median(turn[name] for turn in turns[1:]) for name in ways}


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
