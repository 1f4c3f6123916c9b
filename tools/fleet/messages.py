"""What travels between client and workers, in plain values."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, TypedDict


class Task(TypedDict):
    """What a worker is told."""

    name: str
    commit: str
    stages: list[str]  # to run, in this order
    entries: dict[str, Any]  # of dvc.lock: of these stages, and of those they read from
    files: dict[str, str]  # what Git holds of the same, by path
    pull: list[str]  # what they read, or wrote before, and DVC caches
    keep: list[str]  # what the stages write and Git holds
    push: list[str]  # what they write and a remote gets
    unshared: list[str]  # features: deleted when all is pushed
    cache: str  # a folder that all workers share in place of a remote; else empty
    workers: int  # that share this machine's cores; 0: each may use all
    threads: int  # of TensorFlow, of which the last bits depend; 0: as many as cores


class Result(TypedDict, total=False):
    """What a worker returns: entries and files, or why there are none."""

    entries: dict[str, Any]
    files: dict[str, str]
    seconds: float
    error: str
    needs_bundle: bool


def key_of(task: Task) -> str:
    """Name a task by everything it depends on."""
    return hashlib.sha256(json.dumps(task, sort_keys=True).encode()).hexdigest()[:16]


@dataclass
class Outcome:
    """What became of all tasks, by chain."""

    seconds: dict[str, tuple[float, str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
