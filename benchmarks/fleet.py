"""What a fleet costs besides the work: `python -m benchmarks.fleet [CHAINS ...]`.

Made-up chains run a command that does nothing in place of DVC and training, in processes of this
machine, through the real scheduler, dealer, results and merge. Printed are seconds per chain, and
what the client spends on the plan, the tasks and the merge, in a study of that many variants. Then the cost
model: what docs/sharing.md says of 100 variants x 5 seeds on 50 machines.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from dvc.utils.serialize import dumps_yaml

from tools.fleet import cluster, costs, here, messages, plan, results, tasks
from tools.fleet.dealing import Dealer
from tools.pipeline import LOCK

CHAINS = (8, 40, 500)
WORKERS = 2
RESOURCE = "fer-benchmark"
PIPELINE = """\
stages:
  data:
    cmd: "true"
    outs: [data/images.npz]
  features:
    foreach: ${variants}
    do:
      cmd: features ${key}
      deps: [stages, data/images.npz]
      params: ["variants.${key}"]
      outs: ["data/features/${key}": {push: false}, "metrics/features/${key}.json": {cache: false}]
  train:
    foreach: ${runs}
    do:
      cmd: train ${key}
      deps: [stages, "data/features/${item.variant}"]
      params: ["runs.${key}"]
      outs: ["data/runs/${key}.h5"]
  evaluate:
    foreach: ${runs}
    do:
      cmd: evaluate ${key}
      deps: [stages, "data/runs/${key}.h5"]
      outs: ["metrics/test/${key}.json": {cache: false}]
"""
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"  # the MD5 of no bytes


def make_project(folder: Path, num: int) -> None:
    """Write a study of `num` variants, each with one run."""
    names = [f"variant-{number:03d}" for number in range(num)]
    settings = {
        "variants": {name: {"backbone": "openface"} for name in names},
        "runs": {name: {"variant": name, "seed": 42} for name in names},
    }
    (folder / "params.yaml").write_bytes(dumps_yaml(settings).encode())
    (folder / "dvc.yaml").write_bytes(PIPELINE.encode())
    (folder / "stages").mkdir()
    (folder / "stages/code.py").write_bytes(b"")
    (folder / ".gitignore").write_bytes(b"/data\n/.fleet\n")
    (folder / LOCK).write_text(
        "schema: '2.0'\nstages:\n  data:\n    cmd: 'true'\n    outs:\n    - path: "
        f"data/images.npz\n      hash: md5\n      md5: {EMPTY}\n      size: 0\n",
        encoding="utf-8",
        newline="\n",
    )
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=folder, check=True)


def pretend(task: messages.Task, bundle: bytes | None = None) -> messages.Result:
    """Stand for a chain: return entries as DVC would record them, of empty files."""
    subprocess.run(["true"], check=True)
    return task["entries"]["pretended"]  # type: ignore[no-any-return]


def pretended(task: messages.Task, code: str) -> messages.Result:
    """Make up what a worker returns."""
    key = task["name"]
    file = {"hash": "md5", "md5": EMPTY, "size": 0}
    given = {"path": "stages", "hash": "md5", "md5": code, "size": 0, "nfiles": 1}
    shapes: dict[str, tuple[str, dict[str, Any], list[str]]] = {
        "features": (
            "data/images.npz",
            {f"variants.{key}": {"backbone": "openface"}},
            [f"data/features/{key}", f"metrics/features/{key}.json"],
        ),
        "train": (
            f"data/features/{key}",
            {f"runs.{key}": {"variant": key, "seed": 42}},
            [f"data/runs/{key}.h5"],
        ),
        "evaluate": (f"data/runs/{key}.h5", {}, [f"metrics/test/{key}.json"]),
    }
    entries = {}
    for group, (reads, settings, writes) in shapes.items():
        entry: dict[str, Any] = {"cmd": f"{group} {key}"}
        entry["deps"] = [{"path": reads, **file}, given]
        if settings:
            entry["params"] = {"params.yaml": settings}
        entry["outs"] = [{"path": path, **file} for path in writes]
        entries[f"{group}@{key}"] = entry
    return {"entries": entries, "files": dict.fromkeys(task["keep"], "")}


def measure(num: int) -> dict[str, float]:
    """Return seconds: of each step of the client, and of dealing all chains."""
    spent: dict[str, float] = {}
    started = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal started
        spent[name] = time.perf_counter() - started
        started = time.perf_counter()

    pipeline, entries = here.state()
    planned = plan.read(Repo(), [])
    chains = plan.chains(pipeline, planned.order, WORKERS)
    lap("plan")
    made = [tasks.make(pipeline, entries, one, "0" * 40) for one in chains]
    lap("tasks")
    code = str(pipeline.stages[f"features@{chains[0].name}"].code["stages"])
    for task in made:
        task["entries"]["pretended"] = pretended(task, code)
    started = time.perf_counter()
    with cluster.local(WORKERS, RESOURCE) as client:
        lap("cluster")
        dealer = Dealer(
            client,
            RESOURCE,
            lambda: b"",
            lambda task, result: results.save(messages.key_of(task), result),
            pretend,
        )
        outcome = dealer.run(made)
        lap("dealing")
    assert not outcome.failed, outcome.failed
    started = time.perf_counter()
    taken, refused = results.merge_saved()
    lap("merge")
    assert (len(taken), refused) == (3 * num, [])
    results.sort_lock(planned.order)
    lap("sort")
    spent["lock KB"] = LOCK.stat().st_size / 1000
    return spent


def model(variants: int, seeds: int, machines: int) -> None:
    """Print what a study takes, in equal parts of the four measured backbones."""
    print(f"\n{variants} variants x {seeds} seeds, {machines} machines of 2 cores:")
    each = variants // len(costs.MINUTES)
    apart, together, cut = [], [], []
    for frozen, train in costs.MINUTES.values():
        apart += [frozen + train] * seeds * each
        together += [frozen + seeds * train] * each
    share = max(sum(together) / machines, plan.SHORTEST)
    for frozen, train in costs.MINUTES.values():
        for _ in range(each):
            cut += halved(frozen, train, seeds, share)
    for name, work in (
        ("a chain per seed", apart),
        ("a chain per variant", together),
        ("a chain per variant, long ones halved", cut),
    ):
        print(
            f"  {name:40} {len(work):4} chains {sum(work) / 60:6.0f} h of work "
            f"{costs.makespan(work, machines) / 60:5.1f} h"
        )


def halved(frozen: float, train: float, seeds: int, share: float) -> list[float]:
    whole = frozen + seeds * train
    if whole <= share or seeds < 2:
        return [whole]
    parts = [-(-seeds // 2), seeds // 2]
    return [part for some in parts for part in halved(frozen, train, some, share)]


def main() -> None:
    top = Path.cwd()
    sys.path.insert(0, str(top))
    os.environ["PYTHONPATH"] = str(top)  # of the workers
    for num in [int(number) for number in sys.argv[1:]] or CHAINS:
        with tempfile.TemporaryDirectory() as folder:
            make_project(Path(folder), num)
            os.chdir(folder)
            spent = measure(num)
            os.chdir(top)
        print(
            f"{num:4} chains: plan {spent['plan']:.1f} s, tasks {spent['tasks']:.1f} s, "
            f"dealing {spent['dealing']:.1f} s ({1000 * spent['dealing'] / num:.0f} ms a "
            f"chain), merge {spent['merge']:.1f} s, order {spent['sort']:.2f} s; "
            f"dvc.lock {spent['lock KB']:.0f} KB",
            flush=True,
        )
    model(variants=100, seeds=5, machines=50)


if __name__ == "__main__":
    main()
