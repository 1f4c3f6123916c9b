"""What is stale, by DVC's own graph, cut into what each machine can do alone.

The head (data, splits) depends on no variant, the tail (tables, page) on all of them. Between
them are the chains: the stages of one variant and its runs, which share its features.
"""

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

from fer_transfer.console.errors import InputError, some_of
from fer_transfer.core import files
from fer_transfer.results.record import hashes
from tools.fleet.chain import Task
from tools.pipeline import Pipeline

COSTS = Path("metrics/costs.json")
UNMEASURED = 20.0  # milliseconds per image, of a backbone that COSTS lacks
ONCE = ("weights", "features")  # stages of a variant; the others are of a run
SHARED = ("split",)  # read by the runs of many variants: they run before the chains
# Frozen passes that training takes: about 1 with four layers; with every layer each of 20 epochs
# computes forward and backward, which takes about 3 (docs/performance.md).
EVERY_LAYER = 60


def read(repo: Repo, targets: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Name what `dvc repro TARGETS` would go through, in its order: head, chains and tail.

    Raises:
        InputError: If a target is not one of DVC's.
    """
    graph = get_active_graph(repo.index.graph)
    try:
        chosen = collect_stages(repo, list(targets) or ["dvc.yaml"])
    except DvcException as error:
        raise InputError(f"{error}. `dvc stage list` names the stages.") from None
    head, body, tail = list[str](), list[str](), list[str]()
    for stage in plan_repro(graph, chosen):
        reads = {upstream.name for upstream in graph.successors(stage)}
        if stage.raw_data.generated_from and _group(stage.name) not in SHARED:
            body.append(stage.name)
        else:
            (tail if reads & {*body, *tail} else head).append(stage.name)
    return head, body, tail


def stale(here: Pipeline, names: Iterable[str]) -> set[str]:
    """Name the stages that DVC would run, or might after others ran; `names` are in its order."""
    todo: set[str] = set()
    for name in names:
        if not _is_current(here, name) or todo & {*here.stages[name].reads.values()}:
            todo.add(name)
    return todo


def gathered(here: Pipeline, names: Iterable[str]) -> set[str]:
    """Name the stages that write what these read as folders and Git does not hold."""
    folders = [outs for name in names for outs in here.stages[name].gathers.values()]
    outs = [out for written in folders for out in written.items()]
    return {by for path, by in outs if not path.endswith(tuple(here.stages[by].kept))}


def _is_current(here: Pipeline, name: str) -> bool:
    """Tell whether an entry is current, and what Git holds of the stage is what it records."""
    return here.is_current(name) and all(
        Path(path).is_file()
        and files.digest(Path(path), "md5") == hashes(here.entries[name], "outs")[path]
        for path in here.stages[name].kept
    )


def chains(here: Pipeline, body: list[str], machines: int) -> list[list[str]]:
    """Cut what is stale into chains of stages, in the order of DVC, the longest chain first.

    A variant's runs stay together, because they share its features, unless they alone take more
    than a machine's equal part of the whole: then they are divided, and the features computed
    more than once.
    """
    reads = {name: set(here.stages[name].reads.values()) for name in body}
    todo = stale(here, body)
    # Features are never pushed, and a clone may lack weights: both are made where they are read.
    made = {by for by in body if _group(by) in ONCE or here.stages[by].unshared}
    todo |= {by for name in todo for by in reads[name] & made}
    graph = nx.Graph({name: list(reads[name] & set(body)) for name in body})
    whole = [
        [name for name in body if name in variant & todo]
        for variant in nx.connected_components(graph)
        if variant & todo
    ]
    cost = partial(_cost, here)
    share = sum(map(cost, whole)) / max(machines, 1) or 1
    parts = [part for chain in whole for part in _divided(chain, cost(chain) / share)]
    return sorted(parts, key=cost, reverse=True)


def _cost(here: Pipeline, chain: list[str]) -> float:
    """Estimate what stages of one variant cost, in milliseconds per image."""
    settings = {
        key.split(".")[-1]: value
        for stage in chain
        for key, value in here.stages[stage].settings.items()
        if key.startswith("variants.")
    }
    every = settings.get("trainable_layers") == "all"
    passes = {"train": EVERY_LAYER} if every else {"features": 1, "train": 1}
    measured = files.read_json(COSTS)["milliseconds_per_image"]
    frozen = measured.get(settings.get("backbone"), UNMEASURED)
    return float(frozen * sum(passes.get(_group(stage), 0) for stage in chain))


def _divided(chain: list[str], shares: float) -> list[list[str]]:
    """Divide the runs of a chain that takes more than one machine's share, evenly."""
    runs = _runs(chain)
    parts = np.array_split(runs, max(1, min(len(runs), math.ceil(shares))))
    return [
        [stage for stage in chain if _group(stage) in ONCE or _key(stage) in part]
        for part in parts
    ]


def name_of(chain: list[str]) -> str:
    """Name a chain after its first run, or its variant."""
    return some_of(_runs(chain) or [_key(chain[0])], most=1)


def _runs(chain: list[str]) -> list[str]:
    return list(dict.fromkeys(_key(s) for s in chain if _group(s) not in ONCE))


def _key(stage: str) -> str:
    return stage.partition("@")[2]


def _group(stage: str) -> str:
    return stage.partition("@")[0]


def task(here: Pipeline, chain: list[str], commit: str, cache: str) -> Task:
    """Describe a chain in plain values.

    Args:
        here: The pipeline of this checkout.
        chain: The stages to run.
        commit: What to check out.
        cache: DVC's cache, if all workers share it; else empty.
    """
    read = {by for name in chain for by in here.stages[name].reads.values()}
    # What a stage wrote before is given too: DVC runs it again only if it has to.
    given = [name for name in here.entries if name in {*chain, *read}]
    kept = {Path(path) for name in given for path in here.stages[name].kept}
    return Task(
        name=name_of(chain),
        commit=commit,
        stages=chain,
        entries={name: here.entries[name] for name in given},
        files={
            str(path): path.read_bytes().decode() for path in kept if path.is_file()
        },
        keep=sorted(path for name in chain for path in here.stages[name].kept),
        cache=cache,
    )
