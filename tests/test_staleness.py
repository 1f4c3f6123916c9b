"""Which stages an edit makes stale: the file is edited in a clone, and DVC is asked."""

import shutil
from pathlib import Path

import networkx as nx
import projects
import pytest
import settings_files
from dvc.repo import Repo

pytestmark = pytest.mark.slow

LIBRARY = "fer_transfer"
NAMES = ("mobilenet-random", "openface-random")
GATHERING = {"tabulate", "plot", "report"}  # what reads the results of all runs
OF_A_VARIANT = ("weights", "features", "train", "evaluate")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone") / "study"
    projects.make_stubs(folder, NAMES, searches=NAMES[:1])
    assert stale(folder) == set()
    return folder


@pytest.fixture
def study(clone, monkeypatch):
    """A clone whose results are all up to date, in which the test stands."""
    monkeypatch.chdir(clone)
    yield clone
    projects.git(clone, "reset", "--hard", "-q")
    projects.git(clone, "clean", "-dfq")


def stale(folder: Path = Path()) -> set[str]:
    """Name the stages that DVC finds changed, and those that hang on them."""
    with Repo(folder) as repo:
        graph = repo.index.graph  # from a stage to those that it needs
        changed = set(repo.status())
        found = {stage for stage in graph if stage.addressing in changed}
        found = found.union(*(nx.ancestors(graph, stage) for stage in found))
        return {stage.addressing for stage in found}


def of_backbone(backbone: str) -> set[str]:
    """Name the stages of a backbone's variants and runs, and what gathers their results."""
    variants = settings_files.YAML_12.load(Path("params.yaml"))["variants"]
    names = {name for name in variants if variants[name]["backbone"] == backbone}
    assert names
    return {f"{stage}@{name}" for stage in OF_A_VARIANT for name in names} | GATHERING


def append(name: str, line: str = "EDITED = True") -> None:
    with Path(name).open("a") as file:
        file.write(f"\n{line}\n")


@pytest.mark.usefixtures("study")
def test_what_talks_to_the_user_makes_no_stage_stale():
    """A log line, an error's wording, a progress bar, a check of settings, a tool, a document."""
    console = f"{LIBRARY}/console"
    projects.edit(f"{console}/command.py", '"stopped. Run', '"interrupted. Run')
    projects.edit(f"{console}/errors.py", "The disk is full", "No space is left")
    projects.edit(f"{console}/progress.py", "LINE_SECONDS = 60", "LINE_SECONDS = 30")
    append(f"{LIBRARY}/settings/settings.py")
    append("tools/summary.py")
    append("README.md")
    assert stale() == set()


@pytest.mark.usefixtures("study")
def test_a_charts_colour_makes_figures_and_page_stale_and_no_number():
    append(f"{LIBRARY}/report/vega.py")
    assert stale() == {"plot", "report"}


@pytest.mark.usefixtures("study")
def test_a_backbone_that_is_edited_makes_its_own_variants_stale():
    append(f"{LIBRARY}/backbones/openface.py")
    assert stale() == of_backbone("openface")


@pytest.mark.usefixtures("study")
def test_a_backbone_that_is_added_makes_nothing_stale_and_its_variant_runs_alone():
    """Beside what gathers all results."""
    folder = Path(f"{LIBRARY}/backbones")
    shutil.copyfile(folder / "openface.py", folder / "another.py")
    assert stale() == set()
    added = {"backbone": "another", "seed": 42}
    variant = added | {"weights": "random", "trainable_layers": 4}
    run = added | {"variant": "another-random", "split": "random"}
    settings_files.change(
        {"variants.another-random": variant, "runs.another-random": run}
    )
    assert stale() == of_backbone("another")


@pytest.mark.usefixtures("study")
def test_how_networks_train_makes_no_features_stale():
    append(f"{LIBRARY}/training/loop.py")
    groups = {name.partition("@")[0] for name in stale()}
    assert groups == {"train", "evaluate", *GATHERING}


@pytest.mark.usefixtures("study")
def test_another_classifier_makes_the_searches_stale_and_no_features():
    append(f"{LIBRARY}/classifiers/catalog.py")
    assert stale() == {f"choose@{NAMES[0]}", "assess", *GATHERING}


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("section", "setting", "value", "groups"),
    [
        ("variants", "precision", "bfloat16", OF_A_VARIANT),
        ("runs", "dropout", 0.4, ("train", "evaluate")),
    ],
)
def test_a_variant_or_run_that_is_edited_makes_its_own_stages_stale(
    section, setting, value, groups
):
    name = "openface-random"
    settings_files.change({f"{section}.{name}.{setting}": value})
    assert stale() == {f"{group}@{name}" for group in groups} | GATHERING
