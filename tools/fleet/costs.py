"""What a stage takes, roughly: so that the longest chains start first."""

from collections.abc import Iterable
from typing import Any

# Minutes of the frozen part and of training on FER2013, float32, 2 cores: the milliseconds of
# docs/performance.md x 35,887 images, and x 20 epochs of 785 steps. Only their proportions matter.
MINUTES = {
    "mobilenet": (3.5, 10.8),
    "openface": (2.2, 0.4),
    "resnet50": (19.4, 12.3),
    "vggface": (79.5, 58.5),
}
UNKNOWN = (5.0, 10.0)  # a backbone that nobody has measured
OTHERS = 0.2  # any other stage: mostly the start of Python
# A step through every layer computes forward and backward, about three times the frozen pass.
EVERY_LAYER = 3 * 20

# Gigabytes that a stage takes at most (docs/performance.md).
MEMORY = {"vggface": 4.2}
MEMORY_OTHERS = 1.3


def minutes(group: str, backbone: str, trainable_layers: Any) -> float:
    """Return what a stage of a variant takes on 2 cores.

    >>> minutes("features", "vggface", 4), minutes("train", "openface", 4)
    (79.5, 0.4)
    """
    frozen, train = MINUTES.get(backbone, UNKNOWN)
    if trainable_layers == "all":
        frozen, train = OTHERS, frozen * EVERY_LAYER
    return {"features": frozen, "train": train}.get(group, OTHERS)


def memory(backbones: Iterable[str]) -> float:
    """Return the gigabytes that a chain of any of these takes at most."""
    return max((MEMORY.get(name, MEMORY_OTHERS) for name in backbones), default=0.0)


def makespan(costs: Iterable[float], machines: int) -> float:
    """Return when the last of these ends if the longest always goes to a free machine.

    >>> makespan([3, 3, 2, 2], machines=2)
    5.0
    """
    busy = [0.0] * machines
    for cost in sorted(costs, reverse=True):
        busy[busy.index(min(busy))] += cost
    return max(busy)
