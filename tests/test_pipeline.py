"""dvc.yaml against the code: DVC follows no import and no setting by itself."""

import ast
import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path

import commands
import projects
import pytest
import settings_files

from fer_transfer.networks.runtime import VERSIONS
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.evidence import NETWORKS as PAPERS_VARIANTS
from fer_transfer.settings.settings import NAMED, SECTIONS

PROJECT = Path(__file__).parents[1]
LIBRARY = PROJECT / "fer_transfer"
# No stage depends on these: they decide no result. `settings` checks values that DVC records itself.
EXEMPT = ("console", "settings")
DECIDES = LIBRARY / "settings/classifiers.py"  # all the same
PIPELINE = settings_files.load("dvc.yaml")
STAGES = {name: stage.get("do", stage) for name, stage in PIPELINE["stages"].items()}
# From the lowest: a package imports from those before it.
PACKAGES = ["console", "core", "data", "scoring", "fetching", "settings", "synthetic"]
PACKAGES += ["splitting", "readers", "detection", "recognise", "networks", "backbones"]
PACKAGES += ["export", "features", "extraction", "training", "augmentation"]
PACKAGES += ["classifiers", "results", "report"]
MODULES = sorted(LIBRARY.glob("*/*.py"))
# Imported by name, so that a run depends on its own backbone alone.
BACKBONE = "fer_transfer/backbones/${item.backbone}.py"
SEARCHING = ("views", "choose", "assess")
LIGHT = sorted(set(STAGES) - {"weights", "features", "train", *SEARCHING})


def imported(file: Path) -> set[Path]:
    """Return the project's modules that a module imports itself, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names.append(node.module or "")
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        places = [PROJECT / name.replace(".", "/") for name in names]
        paths = [place.with_suffix(".py") for place in places]
        paths += [place / "__init__.py" for place in places if place.parent == LIBRARY]
        found |= {path for path in paths if path.is_file()}
    return found


def package(file: Path) -> str:
    """Name the package of fer_transfer/ that a module lies in; nothing where it lies in none."""
    return file.parent.name if file.parents[1] == LIBRARY else ""


def modules(files: Iterable[Path], exempt: Collection[str] = ()) -> set[Path]:
    """Return the modules that these import, themselves and indirectly, without exempt packages."""
    seen: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in seen and (package(file) not in exempt or file == DECIDES):
            seen.add(file)
            waiting += imported(file)
    return seen


def settings_used(file: Path) -> set[str]:
    """Return the sections of `settings` that a stage reads, itself or by what it calls."""
    functions = [
        node
        for module in modules([file])
        if package(module) not in ("", "settings")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.FunctionDef)
        and "settings" in {argument.arg for argument in node.args.args}
    ]
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    used = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name | ast.Attribute):
                called = node.id if isinstance(node, ast.Name) else node.attr
                waiting += [each for each in functions if each.name == called]
                functions = [each for each in functions if each.name != called]
            if isinstance(node, ast.Attribute | ast.Subscript):
                whole = ast.unparse(node.value) in ("settings", "load_settings()")
                if whole and isinstance(node, ast.Subscript):
                    used |= set(SECTIONS)  # any of them: it is no constant
                elif whole:
                    used.add(node.attr)
            if isinstance(node, ast.Call) and ast.unparse(node) == "flatten(settings)":
                used |= set(SECTIONS)
    return used & {*SECTIONS, *NAMED}


def visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != "__pycache__"]


def paths(entries: list) -> list[str]:
    return [next(iter(e)) if isinstance(e, dict) else e for e in entries]


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_exactly_the_packages_that_decide_its_results(name):
    own = PROJECT / f"stages/{name}.py"
    listed = {dep for dep in STAGES[name]["deps"] if dep.startswith(("stages", "fer_"))}
    used = {file: package(file) for file in modules([own], EXEMPT) if package(file)}
    used = {file: used[file] for file in used if file.stem != "__init__"}
    packages = set(used.values())
    needed = {f"stages/{name}.py", "fer_transfer/environment.py"}
    for file, one in used.items():
        module = str(file.relative_to(PROJECT))
        needed.add(module if module in listed else f"fer_transfer/{one}")
    if "networks" in packages and "foreach" in PIPELINE["stages"][name]:
        needed.add(BACKBONE)
    assert not needed - listed, (
        f"stage `{name}` imports from {sorted(needed - listed)}, directly or not, but dvc.yaml "
        "does not list them under its deps: DVC would not run it again when they change."
    )
    assert not listed - needed, (
        f"stage `{name}` imports nothing from {sorted(listed - needed)}, which dvc.yaml lists: "
        "a change there would run it again for nothing. Remove them."
    )


@pytest.mark.parametrize(
    "file", MODULES, ids=lambda file: f"{package(file)}/{file.stem}"
)
def test_a_package_imports_from_those_below_it_and_from_nothing_above(file):
    below = PACKAGES[: PACKAGES.index(package(file)) + 1]
    above = [
        str(module.relative_to(PROJECT))
        for module in imported(file)
        if package(module) not in below and module.name != "environment.py"
    ]
    assert not above, (
        f"{file.relative_to(PROJECT)} imports {above}: a package may import from itself and "
        f"from those before it in {', '.join(PACKAGES)}."
    )


def test_every_package_is_listed_and_none_lies_deeper():
    names = {path.name for path in visible(LIBRARY)}
    assert names == {*PACKAGES, "__init__.py", "environment.py"}
    assert set(LIBRARY.rglob("*/*.py")) == set(MODULES)


def test_stages_holds_a_file_for_each_stage_and_nothing_else():
    files = {f"{name}.py" for name in STAGES} | {"__init__.py"}
    assert {path.name for path in visible(PROJECT / "stages")} == files


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_declares_exactly_the_settings_it_reads(name):
    used = settings_used(PROJECT / f"stages/{name}.py")
    declared = {param.split(".")[0] for param in STAGES[name].get("params", [])}
    assert declared == used


def test_each_stage_is_described_and_runs_its_module():
    for name, stage in STAGES.items():
        assert stage["desc"]
        assert stage["cmd"].split()[:3] == ["python", "-m", f"stages.{name}"]


def test_stages_that_need_no_tensorflow_do_not_import_it():
    code = f"""
import importlib, sys
for name in {LIGHT}:
    importlib.import_module(f"stages.{{name}}")
    if {{"tensorflow", "tf_keras", "deepface"}} & {{*sys.modules}}:
        sys.exit(name)
"""
    commands.python("-c", code)


def test_features_stay_off_remotes():
    for name in ("features", "views"):
        assert {f"data/{name}/${{key}}": {"push": False}} in STAGES[name]["outs"]


def test_what_dvc_caches_git_ignores_and_what_git_holds_dvc_does_not_cache():
    in_git = {}
    for stage in STAGES.values():
        for entry, path in zip(stage["outs"], paths(stage["outs"]), strict=True):
            # Of a folder too.
            inside = path.replace("${key}", "openface-random") + "/any"
            in_git[inside] = isinstance(entry, dict) and "cache" in entry[path]
    done = commands.run("git", "check-ignore", *in_git)
    assert set(done.stdout.split()) == {path for path in in_git if not in_git[path]}


def test_the_figures_with_faces_are_not_in_git():
    cached = [out for out in STAGES["plot"]["outs"] if isinstance(out, str)]
    assert cached == ["plots/faces"]


def test_both_settings_files_have_the_same_keys_and_the_demo_the_papers_eight():
    def keys(values: object) -> object:
        if isinstance(values, dict):
            return {key: keys(value) for key, value in values.items()}
        return None

    full = settings_files.load()
    demo = settings_files.load("params.demo.yaml")
    # More of them here than there.
    named = dict.fromkeys(("variants", "runs", "searches"))
    assert keys(full | named) == keys(demo | named)
    same = full.keys() - {"data", "weights", "synthetic", "assess", *named}
    assert {key: full[key] for key in same} == {key: demo[key] for key in same}
    for section in ("variants", "runs"):
        assert list(demo[section]) == PAPERS_VARIANTS
        assert {name: full[section][name] for name in PAPERS_VARIANTS} == demo[section]


def test_the_committed_settings_are_the_papers():
    full = settings_files.load()
    assert full["train"]["epochs"] == 20
    assert full["train"]["learning_rate"] == 1e-4
    expected = {"by": "random", "val": 0.1, "test": 0.2, "seed": 42}
    assert full["splits"]["random"] == expected
    assert full["splits"]["official"] == {"by": "parts", "seed": 42}
    for name in PAPERS_VARIANTS:
        backbone, weights = name.split("-")
        seed = {"seed": 42} if weights == "random" else {}
        expected = {"backbone": backbone, "weights": weights, "trainable_layers": 4}
        assert full["variants"][name] == expected | seed
        run = {"variant": name, "backbone": backbone, "split": "random", "seed": 42}
        assert full["runs"][name] == run
    assert list(full["variants"])[:8] == list(full["runs"])[:8] == PAPERS_VARIANTS


def test_the_versions_that_results_rest_on_are_those_of_the_lock():
    lock = (PROJECT / "requirements.lock").read_text()
    versions = VERSIONS.read_text().splitlines()
    names = {line.split("==")[0] for line in versions}
    assert {"tensorflow", "tf-keras", "numpy", "openvino"} <= names
    pinned = re.findall(r"^([a-z0-9-]+)(==.*?) *\\?$", lock, re.MULTILINE)
    assert versions == ["".join(pin) for pin in pinned if pin[0] in names], (
        f"{VERSIONS.name} and requirements.lock disagree: what is installed from the lock would "
        "refuse to run. Write the lock's versions there; the stages that they decide then run "
        "again."
    )


def test_what_dvc_draws_names_no_backbone_so_that_another_is_no_line_there():
    text = json.dumps(PIPELINE["plots"]).lower()
    known = {*BACKBONES, *(one.title.lower() for one in BACKBONES.values())}
    assert not [name for name in known if name in text]


def test_every_run_that_has_results_is_a_model_for_dvc_artifacts():
    with_results = {path.stem for path in (PROJECT / "metrics/test").glob("*.json")}
    models = {name: entry["path"] for name, entry in PIPELINE["artifacts"].items()}
    assert (PROJECT / models.pop("default")).exists()
    assert models == {name: f"data/runs/{name}/weights.h5" for name in with_results}
    assert "data/runs/${key}/weights.h5" in STAGES["train"]["outs"]


def test_no_stage_asks_for_the_date():
    """What it writes would differ between two runs, and a clock that jumps would disturb it."""
    asked = r"\bdatetime\b|\btime\.(time|time_ns|localtime|gmtime|strftime|ctime)\b"
    files = modules(PROJECT / f"stages/{name}.py" for name in STAGES)
    assert not [file for file in files if re.search(asked, file.read_text())]


def test_a_fresh_clone_runs_nothing_but_what_has_no_results_in_git(tmp_path):
    """Neither data nor weights are there."""
    folder = projects.clone(PROJECT, tmp_path / "fer")
    env = projects.environment(tmp_path)
    options = ("repro", "--allow-missing", "--dry", "--keep-going")
    done = projects.dvc(folder, env, *options, expected=None)
    failed = re.findall("failed to reproduce '(.+?)'", done.stderr)
    ran = projects.ran(done.stdout) + failed
    without = {name for name in ran if "@" not in name}
    assert not without, f"The results of {sorted(without)} in Git are not of this code."
    for name in ran:
        stage, key = name.split("@")
        kind = {"train": "test", "evaluate": "test"}
        assert not (folder / f"metrics/{kind.get(stage, stage)}/{key}.json").exists(), (
            f"The results of {name} in Git are not of this code: see `make unchanged`."
        )
