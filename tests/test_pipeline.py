"""dvc.yaml against the code: DVC follows no import and no setting by itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest
from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo
from ruamel.yaml import YAML

from stages import tabulate
from stages.lib.study.settings import SECTIONS

PROJECT = Path(__file__).parents[1]
YAML_12 = YAML(typ="safe", pure=True)
PIPELINE = YAML_12.load(PROJECT / "dvc.yaml")
STAGES = {name: stage.get("do", stage) for name, stage in PIPELINE["stages"].items()}
LIGHT = sorted(set(STAGES) - {"weights", "features", "train"})


def imported(path: Path, seen: set[str] | None = None) -> set[str]:
    """Return the project's modules that a module imports, itself and indirectly too."""
    seen = set() if seen is None else seen
    seen.add(str(path.relative_to(PROJECT)))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "stages"
        ):
            names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            for name in names:
                module = PROJECT / (name.replace(".", "/") + ".py")
                if module.exists() and str(module.relative_to(PROJECT)) not in seen:
                    imported(module, seen)
    return seen


def settings_used(path: Path) -> set[str]:
    """Return the sections of `settings` that a stage's module reads."""
    return {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "settings"
    } & {*SECTIONS, "variants"}


def paths(entries: list) -> list[str]:
    return [next(iter(e)) if isinstance(e, dict) else e for e in entries]


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_exactly_the_modules_it_imports(name):
    needed = {"stages/__init__.py", *imported(PROJECT / f"stages/{name}.py")}
    listed = {dep for dep in STAGES[name]["deps"] if dep.endswith(".py")}
    assert not needed - listed, (
        f"stage `{name}` imports {sorted(needed - listed)} but dvc.yaml does not list them "
        "under its deps: DVC would not run it again when they change. Add them there."
    )
    assert not listed - needed, (
        f"stage `{name}` does not import {sorted(listed - needed)}, which dvc.yaml lists: a "
        "change there would run it again for nothing. Remove them."
    )


def test_the_report_depends_on_its_templates():
    folder = PROJECT / "stages/lib/page/templates"
    templates = {str(path.relative_to(PROJECT)) for path in folder.iterdir()}
    assert templates <= set(STAGES["report"]["deps"])


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_declares_exactly_the_settings_it_reads(name):
    used = settings_used(PROJECT / f"stages/{name}.py")
    declared = {param.split(".")[0] for param in STAGES[name].get("params", [])}
    assert declared == used


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_described_and_runs_its_module(name):
    assert STAGES[name]["desc"]
    assert STAGES[name]["cmd"].split()[:3] == ["python", "-m", f"stages.{name}"]


@pytest.mark.parametrize("name", LIGHT)
def test_a_stage_that_needs_no_tensorflow_does_not_import_it(name):
    code = (
        f"import sys, stages.{name}; "
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'tf_keras', 'deepface')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


def test_training_is_cached_whole_so_that_colleagues_share_it():
    assert all(isinstance(out, str) for out in STAGES["train"]["outs"])


def test_features_stay_off_remotes():
    assert {"data/features/${key}": {"push": False}} in STAGES["features"]["outs"]


@pytest.mark.parametrize("name", STAGES)
def test_what_dvc_caches_git_ignores_and_what_git_holds_dvc_does_not_cache(name):
    entries = STAGES[name]["outs"]
    for entry, path in zip(entries, paths(entries), strict=True):
        in_git = isinstance(entry, dict) and entry[path].get("cache") is False
        file = path.replace("${key}", "openface-random")
        ignored = subprocess.run(
            ["git", "check-ignore", "-q", file], cwd=PROJECT
        ).returncode
        assert bool(ignored) == in_git, file


def test_the_figures_with_faces_are_not_in_git():
    faces = [f"plots/figures/figure-{number:02}.png" for number in (1, *range(11, 18))]
    assert [out for out in STAGES["plot"]["outs"] if isinstance(out, str)] == faces


def test_both_settings_files_have_the_same_keys():
    def keys(values: object) -> object:
        if isinstance(values, dict):
            return {key: keys(value) for key, value in values.items()}
        return None

    full = YAML_12.load(PROJECT / "params.yaml")
    sample = YAML_12.load(PROJECT / "params.demo.yaml")
    assert keys(full) == keys(sample)
    assert {
        k: v for k, v in full.items() if k not in ("data", "weights", "sample")
    } == {k: v for k, v in sample.items() if k not in ("data", "weights", "sample")}


def test_the_committed_settings_are_the_papers():
    full = YAML_12.load(PROJECT / "params.yaml")
    assert full["train"]["epochs"] == 20
    assert full["train"]["learning_rate"] == 1e-4
    assert full["split"] == {"val": 0.1, "test": 0.2, "seed": 42}
    assert list(full["variants"]) == [
        f"{backbone}-{weights}"
        for backbone in ("mobilenet", "openface", "resnet50", "vggface")
        for weights in ("pretrained", "random")
    ]
    assert all(v["trainable_layers"] == 4 for v in full["variants"].values())


def test_the_lock_pins_by_hash_and_names_no_address():
    lock = (PROJECT / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what DVC imports
def test_editing_a_variant_reruns_that_variant_and_what_gathers_all():
    edited = "variants.openface-random"
    with Repo(PROJECT) as repo:
        graph = repo.index.graph  # from a stage to those that it needs
        reading = {
            stage
            for stage in graph
            for dep in stage.deps
            if isinstance(dep, ParamsDependency)
            and any(
                f"{edited}.".startswith(f"{key}.") or key.startswith(f"{edited}.")
                for key in dep.params
            )
        }
        stale = reading.union(*(nx.ancestors(graph, one) for one in reading))
        names = {stage.addressing for stage in stale}
    of_the_variant = {f"{stage}@openface-random" for stage in ("weights", "features", "train", "evaluate")}  # fmt: skip
    assert names == of_the_variant | {"tabulate", "plot", "report"}


def test_what_dvc_compares_holds_every_variant_that_ran():
    compared = PIPELINE["metrics"]
    assert set(compared) <= set(paths(STAGES["tabulate"]["outs"]))
    assert {Path(path).stem for path in compared} == {
        *tabulate.TABLES,
        "initial",
        "final",
    }
    assert PIPELINE["params"] == ["params.yaml"]
    # A number that no experiment changes would be one more column to look past.
    assert not any("metrics" in stage for stage in STAGES.values())


def test_every_variant_of_the_settings_is_a_model_for_dvc_artifacts():
    variants = YAML_12.load(PROJECT / "params.yaml")["variants"]
    models = PIPELINE["artifacts"]
    assert list(models) == list(variants), (
        "`artifacts` in dvc.yaml and `variants` in params.yaml must name the same models, in "
        "one order: dvc.yaml cannot repeat an artifact by itself."
    )
    for name, variant in variants.items():
        out = f"data/runs/{name}/weights.h5"
        model = models[name]
        assert (model["path"], model["type"]) == (out, "model")
        assert model["labels"] == [variant["backbone"], variant["weights"]]
        assert variant["weights"] in model["desc"]
        assert out.replace(name, "${key}") in STAGES["train"]["outs"]


@pytest.mark.parametrize("name", STAGES)
def test_no_stage_asks_for_the_date(name):
    asked = r"\bdatetime\b|\btime\.(time|time_ns|localtime|gmtime|strftime|ctime)\b"
    modules = imported(PROJECT / f"stages/{name}.py")
    found = [path for path in modules if re.search(asked, (PROJECT / path).read_text())]
    assert not found, (
        f"{found} ask the clock for the date: what it writes would differ between two runs, "
        "and a clock that jumps would disturb it. Use time.monotonic."
    )
