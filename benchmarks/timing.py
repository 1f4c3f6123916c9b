"""Time two or more ways of doing one thing, in turns, so that other load affects all alike."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable

REPEATS = 3

Ways = dict[
    str, tuple[Callable[[], object], int]
]  # by name: a function, and of how many


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


def show(what: str, ours: float, other: float, other_name: str) -> None:
    """Print our seconds and those of another way."""
    print(
        f"{what:48} {ours:9.4g} s {other:9.4g} s  {other_name:22} {other / ours:6.2f} times",
        flush=True,
    )
