"""algorithm/dvc.yaml against the code: DVC follows no import and no setting by itself."""

from pathlib import Path

import pytest
from imports import EXEMPT, modules
from ruamel.yaml import YAML

from algorithm.lib.classifier_names import CLASSIFIERS
from algorithm.lib.settings import SECTIONS, load_settings

ROOT = Path(__file__).parents[2]
YAML_12 = YAML(typ="safe", pure=True)
PIPELINE = YAML_12.load(ROOT / "algorithm/dvc.yaml")
STAGES = {name: stage.get("do", stage) for name, stage in PIPELINE["stages"].items()}
FOLDERS = ("fer_transfer/", "algorithm/lib/forms/")  # listed as folders


def code_of(stage):
    """Return what a stage imports and what decides its results, as algorithm/dvc.yaml lists it."""
    names = {
        path.relative_to(ROOT).as_posix()
        for path in modules([ROOT / f"algorithm/{stage}.py"], EXEMPT)
        if path.name != "__init__.py"
    }
    return {"fer_transfer/environment.py"} | {
        name.rpartition("/")[0]
        if name.startswith(FOLDERS) and name.count("/") > 1
        else name
        for name in names
    }


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_exactly_the_modules_it_imports(stage):
    listed = {
        dep
        for dep in STAGES[stage]["deps"]
        if not dep.startswith(("data/", "metrics/"))
    }
    needed = code_of(stage)
    if stage == "report":
        needed.add("algorithm/lib/page.html")
    assert listed == needed, (
        f"stage `{stage}` of algorithm/dvc.yaml must list what it imports: DVC would not run it "
        "again when that changes, or would for nothing."
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_its_module_in_the_projects_top_folder(stage):
    assert STAGES[stage]["wdir"] == ".."
    assert STAGES[stage]["cmd"].split()[:3] == ["python", "-m", f"algorithm.{stage}"]
    assert [list(entry) for entry in STAGES[stage]["params"]] == [
        ["algorithm/params.yaml"]
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_all_is_written_under_folders_of_the_algorithm(stage):
    for entry in STAGES[stage]["outs"]:
        path = next(iter(entry)) if isinstance(entry, dict) else entry
        in_git = isinstance(entry, dict) and entry[path].get("cache") is False
        assert path.startswith("metrics/algorithm/" if in_git else "data/algorithm/")


def test_the_settings_as_committed_are_allowed_and_try_every_classifier():
    assert tuple(YAML_12.load(ROOT / "algorithm/params.yaml")) == SECTIONS
    settings = load_settings(ROOT / "algorithm/params.yaml")
    assert set(settings.classifiers) == set(CLASSIFIERS)
    assert settings.backbones == ("mobilenet", "openface", "resnet29")


def test_where_it_was_never_run_dvc_finds_no_metric_and_misses_none():
    [folder] = PIPELINE["metrics"]
    kept = ROOT / "algorithm" / folder / ".gitignore"
    assert kept.resolve().is_file()
    assert ".gitignore" in (ROOT / ".dvcignore").read_text().split()
