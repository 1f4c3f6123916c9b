"""What is stale, by DVC's own graph, cut into what each machine can do alone.

The head (data, split) is what no variant is read for; the tail (tables, page) reads all. Between
them stand the chains: the stages of one variant and its runs, which share its features.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

from tools.fleet import costs
from tools.pipeline import Pipeline

ONCE = ("weights", "features")  # stages of a variant; the others are of a run
SHARED = (
    "split",
)  # named stages that many variants' runs read: they run before the chains
SHORTEST = 30.0  # minutes: a shorter chain is not worth computing its features twice


@dataclass(frozen=True)
class Chain:
    """Stages that one machine runs, one after the other."""

    name: str
    stages: tuple[str, ...]  # in the order in which DVC runs them
    backbone: str
    minutes: float  # estimated, on 2 cores


@dataclass(frozen=True)
class Plan:
    """The stages of the targets, in DVC's order: before, in and after the chains."""

    order: tuple[str, ...]
    head: tuple[str, ...]
    tail: tuple[str, ...]


def read(repo: Repo, targets: Iterable[str]) -> Plan:
    """Let DVC say what `dvc repro TARGETS` would go through, and in which order."""
    graph = get_active_graph(repo.index.graph)
    chosen = collect_stages(repo, list(targets) or ["dvc.yaml"])
    order = plan_repro(graph, chosen)
    generated = {
        stage
        for stage in graph
        if stage.raw_data.generated_from is not None and not _is_shared(stage.name)
    }
    head: list[str] = []
    tail: list[str] = []
    for stage in order:
        if stage not in generated:
            after = generated & nx.descendants(graph, stage)
            (tail if after else head).append(stage.name)
    return Plan(tuple(stage.name for stage in order), tuple(head), tuple(tail))


def stale(here: Pipeline, order: Iterable[str]) -> set[str]:
    """Name the variants' and runs' stages that DVC would run, or might after others ran."""
    wanted = {name for name in order if _in_a_chain(here, name)}
    sure = {
        name for name in wanted if not here.is_current(name) or not _is_kept(here, name)
    }
    return here.downstream(sure) & wanted


def _in_a_chain(here: Pipeline, name: str) -> bool:
    return here.stages[name].generated and not _is_shared(name)


def _is_shared(name: str) -> bool:
    return name.partition("@")[0] in SHARED


def _is_kept(here: Pipeline, name: str) -> bool:
    """Tell whether what Git holds of a stage is what its entry records."""
    return all(
        Path(path).is_file()
        and hashlib.md5(Path(path).read_bytes()).hexdigest()
        == here.entries[name].outs[path]
        for path in here.stages[name].kept
    )


def chains(here: Pipeline, order: Iterable[str], machines: int) -> list[Chain]:
    """Cut what is stale into chains, the longest first.

    A variant's runs stay together, because they share its features, unless they alone take more
    than a machine's equal part of the whole: then they are halved, and the features computed twice.
    """
    names = [name for name in order if _in_a_chain(here, name)]
    todo = stale(here, names)
    # Features are never pushed: where a stale run reads them, they are made again.
    todo |= {
        by
        for name in todo
        for path, by in here.stages[name].reads.items()
        if path in here.stages[by].unshared
    }
    graph = nx.Graph()
    graph.add_nodes_from(names)
    for name in names:
        graph.add_edges_from(
            (name, by)
            for by in here.stages[name].reads.values()
            if _in_a_chain(here, by)
        )
    found = []
    for component in nx.connected_components(graph):
        members = tuple(name for name in names if name in component & todo)
        if members:
            found.append(_chain(here, members, component))
    share = sum(chain.minutes for chain in found) / max(machines, 1)
    cut = [
        part for chain in found for part in _split(here, chain, max(share, SHORTEST))
    ]
    return sorted(cut, key=lambda chain: -chain.minutes)


def _chain(here: Pipeline, members: tuple[str, ...], component: Iterable[str]) -> Chain:
    settings: dict[str, Any] = {}
    for name in component:
        for key, value in here.stages[name].settings.items():
            section, _, rest = key.partition(".")
            if section == "variants":
                settings[rest.rpartition(".")[2]] = value
    backbone = str(settings.get("backbone", ""))
    layers = settings.get("trainable_layers")
    minutes = sum(
        costs.minutes(name.partition("@")[0], backbone, layers) for name in members
    )
    once = [name for name in component if name.partition("@")[0] == "weights"]
    title = (once or list(members))[0].partition("@")[2]
    return Chain(title, members, backbone, minutes)


def _split(here: Pipeline, chain: Chain, share: float) -> list[Chain]:
    """Halve a chain as long as it takes more than a share and has several runs."""
    runs = _runs(chain.stages)
    if chain.minutes <= share or len(runs) < 2:
        return [chain]
    middle = math.ceil(len(runs) / 2)
    parts = []
    for some in (runs[:middle], runs[middle:]):
        members = tuple(
            name
            for name in chain.stages
            if name.partition("@")[0] in ONCE or name.partition("@")[2] in some
        )
        component = set(members) | here.upstream(set(members))
        part = _chain(here, members, component)
        named = Chain(", ".join(some), members, part.backbone, part.minutes)
        parts += _split(here, named, share)
    return parts


def _runs(stages: Iterable[str]) -> list[str]:
    return list(
        dict.fromkeys(
            name.partition("@")[2]
            for name in stages
            if name.partition("@")[0] not in ONCE
        )
    )
