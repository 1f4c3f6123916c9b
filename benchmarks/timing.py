"""Time two or more ways of doing one thing, in turns, so that other load affects all alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

REPEATS = 3


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds, ours and the other's."""

    what: str
    ours: float
    other: float
    other_name: str

    @property
    def ratio(self) -> float:
        return self.other / self.ours


def medians(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return each way's median seconds; a first, untimed call warms it up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(REPEATS):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}
