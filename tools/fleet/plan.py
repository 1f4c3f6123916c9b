"""What is stale, by DVC's own graph, cut into what each machine can do alone.

The head (data, splits) is what no variant is read for; the tail (tables, page) reads all. Between
them stand the chains: the stages of one variant and its runs, which share its features.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

from fer_transfer.core import files
from tools.fleet.chain import Task
from tools.pipeline import Pipeline

COSTS = Path("metrics/costs.json")
UNMEASURED = 20.0  # milliseconds per image, of a backbone that COSTS lacks
ONCE = ("weights", "features")  # stages of a variant; the others are of a run
SHARED = ("split",)  # read by the runs of many variants: they run before the chains
# Frozen passes that training takes: about 1 with four layers; with every layer each of 20 epochs
# computes forward and backward, which takes about 3 (docs/performance.md).
EVERY_LAYER = 60


@dataclass(frozen=True)
class Chain:
    """Stages that one machine runs, one after the other."""

    name: str
    stages: tuple[str, ...]  # in the order in which DVC runs them
    cost: float  # milliseconds per image, estimated


@dataclass(frozen=True)
class Plan:
    """The stages of the targets, in DVC's order: before, in and after the chains."""

    head: list[str]
    body: list[str]
    tail: list[str]


def read(repo: Repo, targets: Iterable[str]) -> Plan:
    """Let DVC say what `dvc repro TARGETS` would go through, and in which order."""
    graph = get_active_graph(repo.index.graph)
    chosen = collect_stages(repo, list(targets) or ["dvc.yaml"])
    plan = Plan([], [], [])
    for stage in plan_repro(graph, chosen):
        reads = {upstream.name for upstream in graph.successors(stage)}
        if stage.raw_data.generated_from and _group(stage.name) not in SHARED:
            plan.body.append(stage.name)
        elif reads & {*plan.body, *plan.tail}:
            plan.tail.append(stage.name)
        else:
            plan.head.append(stage.name)
    return plan


def stale(here: Pipeline, names: Iterable[str]) -> set[str]:
    """Name the stages that DVC would run, or might after others ran; `names` are in its order."""
    todo: set[str] = set()
    for name in names:
        if not _is_current(here, name) or todo & {*here.stages[name].reads.values()}:
            todo.add(name)
    return todo


def _is_current(here: Pipeline, name: str) -> bool:
    """Tell whether an entry is current, and what Git holds of the stage is what it records."""
    return here.is_current(name) and all(
        Path(path).is_file()
        and files.digest(Path(path), "md5") == here.entries[name].outs[path]
        for path in here.stages[name].kept
    )


def chains(here: Pipeline, body: list[str], machines: int) -> list[Chain]:
    """Cut what is stale into chains, the longest first.

    A variant's runs stay together, because they share its features, unless they alone take more
    than a machine's equal part of the whole: then they are divided, and the features computed
    more than once.
    """
    reads = {name: set(here.stages[name].reads.values()) for name in body}
    todo = stale(here, body)
    # Features are never pushed: where a stale run reads them, they are made again.
    todo |= {by for name in todo for by in reads[name] if here.stages[by].unshared}
    graph = nx.Graph([(name, by) for name in body for by in reads[name] & set(body)])
    graph.add_nodes_from(body)
    whole = [
        _chain(here, [name for name in body if name in variant & todo])
        for variant in nx.connected_components(graph)
        if variant & todo
    ]
    share = sum(chain.cost for chain in whole) / max(machines, 1)
    parts = [part for chain in whole for part in _divided(here, chain, share)]
    return sorted(parts, key=lambda chain: -chain.cost)


def _chain(here: Pipeline, members: list[str], name: str = "") -> Chain:
    """Estimate what stages of one variant cost; the chain is named after the first by default."""
    settings = {
        key.split(".")[-1]: value
        for stage in members
        for key, value in here.stages[stage].settings.items()
        if key.startswith("variants.")
    }
    every = settings.get("trainable_layers") == "all"
    passes = {"features": 0 if every else 1, "train": EVERY_LAYER if every else 1}
    measured = files.read_json(COSTS)["milliseconds_per_image"]
    frozen = measured.get(settings.get("backbone"), UNMEASURED)
    cost = frozen * sum(passes.get(_group(stage), 0) for stage in members)
    return Chain(name or _key(members[0]), tuple(members), cost)


def _divided(here: Pipeline, chain: Chain, share: float) -> list[Chain]:
    """Divide the runs of a chain that takes more than a share, evenly."""
    once = [stage for stage in chain.stages if _group(stage) in ONCE]
    of_runs = [stage for stage in chain.stages if stage not in once]
    runs = list(dict.fromkeys(map(_key, of_runs)))
    parts = min(len(runs), math.ceil(chain.cost / share)) if chain.cost else 1
    if parts < 2:
        return [chain]
    return [
        _chain(
            here,
            [stage for stage in chain.stages if stage in once or _key(stage) in some],
            ", ".join(some),
        )
        for some in np.array_split(runs, parts)
    ]


def _key(stage: str) -> str:
    return stage.partition("@")[2]


def _group(stage: str) -> str:
    return stage.partition("@")[0]


def task(
    here: Pipeline, entries: dict[str, Any], chain: Chain, commit: str, cache: str
) -> Task:
    """Describe a chain in plain values.

    Args:
        here: The pipeline of this checkout.
        entries: Those of dvc.lock, by stage, as YAML gives them.
        chain: The stages to run.
        commit: What to check out.
        cache: DVC's cache, if all workers share it; else empty.
    """
    read = {by for name in chain.stages for by in here.stages[name].reads.values()}
    # What a stage wrote before is given too: DVC runs it again only if it has to.
    given = [name for name in entries if name in {*chain.stages, *read}]
    kept = {path for name in given for path in here.stages[name].kept}
    return Task(
        name=chain.name,
        commit=commit,
        stages=list(chain.stages),
        entries={name: entries[name] for name in given},
        files={
            path: Path(path).read_bytes().decode()
            for path in sorted(kept)
            if Path(path).is_file()
        },
        keep=sorted(path for name in chain.stages for path in here.stages[name].kept),
        cache=cache,
    )
