"""Say in plain values what a worker needs to run a chain, and check what it returns."""

import hashlib
from pathlib import Path
from typing import Any

from tools.fleet.messages import Result, Task
from tools.fleet.plan import Chain
from tools.pipeline import Pipeline


def make(
    here: Pipeline,
    entries: dict[str, Any],
    chain: Chain,
    commit: str,
    cache: str = "",
    workers: int = 0,
    threads: int = 0,
) -> Task:
    """Describe a chain.

    Args:
        here: The pipeline of this checkout.
        entries: Those of dvc.lock, by stage, as YAML gives them.
        chain: The stages to run.
        commit: What to check out.
        cache: DVC's cache, if all workers share it.
        workers: How many share one machine's cores; 0: each may use all.
        threads: What TensorFlow computes with; 0: as many as a worker has cores.
    """
    stages = [here.stages[name] for name in chain.stages]
    reads = {path: by for stage in stages for path, by in stage.reads.items()}
    given = [name for name in entries if name in chain.stages or name in reads.values()]
    before = {
        path
        for name in chain.stages
        if name in entries
        for path in here.stages[name].outs
    }
    # What a stage wrote before is there too: DVC runs it again only if it has to.
    wanted = {path for path, by in reads.items() if by not in chain.stages} | before
    kept = {path for name in given for path in here.stages[name].kept}
    cached = {path for name in given for path in here.stages[name].cached}
    unshared = {path for stage in stages for path in stage.unshared}
    return Task(
        name=chain.name,
        commit=commit,
        stages=list(chain.stages),
        entries={name: entries[name] for name in given},
        files={path: _text(path) for path in sorted(kept) if Path(path).is_file()},
        pull=sorted(wanted & cached - (set() if cache else unshared)),
        keep=sorted(path for stage in stages for path in stage.kept),
        push=sorted({path for stage in stages for path in stage.cached} - unshared),
        unshared=sorted(unshared),
        cache=cache,
        workers=workers,
        threads=threads,
    )


def _text(path: str) -> str:
    return Path(path).read_bytes().decode()


def fault(task: Task, result: Result) -> str:
    """Say what is wrong with a result, if anything: a worker's clone may be damaged."""
    if result.get("error"):
        return result["error"]
    if sorted(result["entries"]) != sorted(task["stages"]):
        return "it returned the results of other stages"
    hashes = {
        out["path"]: out.get("md5")
        for values in result["entries"].values()
        for out in values.get("outs", [])
    }
    for path in task["keep"]:
        content = result["files"].get(path, "").encode()
        if hashlib.md5(content).hexdigest() != hashes.get(path):
            return f"{path} is not what its dvc.lock records"
    return ""
