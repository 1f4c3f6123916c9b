"""Edits while a stage runs: they must not be recorded as what made its results."""

import os
import subprocess
from pathlib import Path

import commands
import projects
import pytest
import settings_files
from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo
from sources import write_files

from fer_transfer.console import integrity
from fer_transfer.console.errors import InputError

PIPELINE = """\
stages:
  double:
    foreach: ${runs}
    do:
      cmd: python -m stages.double ${key}
      deps: [stages/double.py, fer_transfer/core, data/input, "metrics/${item.input}.json"]
      params: [train.epochs, "runs.${key}"]
      outs: ["data/${key}.json"]
"""
SETTINGS = """\
train: {epochs: 2, batch_size: 32}
runs: {a: {input: first, seed: 1}, b: {input: second, seed: 2}}
"""
# It waits until the test has made its edit.
STAGE = """\
import time
from pathlib import Path

from fer_transfer.console import command
from fer_transfer.core import files


def main(name):
    Path("begun").touch()
    while not Path("edited").exists():
        time.sleep(0.01)
    files.write_json(Path(f"data/{name}.json"), {"factor": 2})


if __name__ == "__main__":
    command.run(main, "a")
"""
CODE = (
    *("stages/__init__.py", "fer_transfer/__init__.py", "fer_transfer/environment.py"),
    *("fer_transfer/console", "fer_transfer/core"),
)
FILES = {
    ".dvc/config": "",
    ".dvcignore": (projects.ROOT / ".dvcignore").read_text(),
    "data/input/0.npy": "0",
    "dvc.yaml": PIPELINE,
    "metrics/first.json": "{}",
    "metrics/second.json": "{}",
    "params.yaml": SETTINGS,
    "stages/double.py": STAGE,
}


@pytest.fixture
def folder(tmp_path):
    """A study of one stage on the project's own library."""
    folder = tmp_path / "study"
    projects.copy(folder, *CODE)
    write_files(folder, FILES)
    projects.git(folder, "init", "-q")
    return folder


def run(folder: Path, edit) -> subprocess.CompletedProcess[str]:
    """Run the stage, and make an edit once it has imported its code and waits."""
    env = projects.environment(folder.parent)
    with projects.begin(folder, env, "double@a") as process:
        commands.wait((folder / "begun").exists)
        edit(folder)
        (folder / "edited").touch()
        output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, output, errors)


def replace(name: str, old: str, new: str):
    return lambda folder: projects.edit(folder / name, old, new)


def replace_input(folder: Path) -> None:
    """Put another file of the same size and time in its place."""
    path, new = folder / "data/input/0.npy", folder / "new"
    times = path.stat()
    new.write_text("1")
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
    new.replace(path)


EDITS = {
    "a module of the library": (
        replace("fer_transfer/core/state.py", "sha256", "sha512"),
        "fer_transfer/core/state.py",
    ),
    "a new module": (
        lambda folder: (folder / "fer_transfer/core/new.py").touch(),
        "fer_transfer/core/new.py",
    ),
    "a setting": (replace("params.yaml", "epochs: 2", "epochs: 3"), "`train.epochs`"),
    "a setting of its run": (replace("params.yaml", "seed: 1", "seed: 3"), "`runs.a`"),
    "an input": (replace_input, "data/input/0.npy"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a module of the library", "a setting", "an input"])
def test_what_is_edited_while_a_stage_runs_is_not_recorded(folder, kind):
    edit, changed = EDITS[kind]
    done = run(folder, edit)
    assert f"error: {changed} changed while double@a ran" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode
    assert not (folder / "data/a.json").exists()
    assert not (folder / "dvc.lock").exists()


def edit_what_decides_nothing(folder: Path) -> None:
    replace("fer_transfer/console/errors.py", "at fault", "to blame")(folder)
    (folder / "fer_transfer/core/.files.py.swp").touch()  # an editor's
    replace("params.yaml", "batch_size: 32", "batch_size: 64")(folder)
    replace("params.yaml", "seed: 2", "seed: 3")(folder)
    replace("metrics/second.json", "{}", "[]")(folder)
    # As Git does when a user switches to another branch and back.
    for name in ("stages/double.py", "metrics/first.json"):
        text = (folder / name).read_text()
        (folder / name).unlink()
        (folder / name).write_text(text)


@pytest.mark.slow
def test_an_edit_of_what_a_stage_does_not_depend_on_disturbs_nothing(folder):
    done = run(folder, edit_what_decides_nothing)
    assert done.returncode == 0, done.stderr
    assert "double@a" in (folder / "dvc.lock").read_text()
    done = projects.dvc(folder, projects.environment(folder.parent), "status")
    assert "double@a" not in done.stdout


@pytest.fixture
def begun(folder, monkeypatch):
    """`integrity` after its `begin`, in this process."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_STAGE", "double@a")
    for name in ("_paths", "_keys", "_noted"):
        monkeypatch.setattr(integrity, name, type(getattr(integrity, name))())
    integrity.begin()
    integrity.check()


def test_a_large_file_is_not_read_to_see_that_it_stays(folder, request):
    with (folder / "fer_transfer/core/large").open("wb") as file:
        file.truncate(
            2**40
        )  # sparse: more than fits into memory, and nothing on the disk
    request.getfixturevalue("begun")


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize(("edit", "changed"), EDITS.values(), ids=EDITS)
def test_an_edit_of_what_a_stage_depends_on_is_seen_and_named(folder, edit, changed):
    edit(folder)
    with pytest.raises(InputError, match=f"{changed} changed while double@a ran"):
        integrity.check()


def test_a_stage_has_its_dependencies_from_a_subfolder_and_in_settings_that_are_edited(
    folder, monkeypatch
):
    monkeypatch.chdir(folder)
    known = integrity.dependencies("double@a")
    assert integrity.dependencies("../dvc.yaml:double@a") == known
    (folder / "params.yaml").write_text("seed: 1\t# a tab")
    assert integrity.dependencies("double@a")[1] == known[1]


def test_dependencies_are_those_that_dvc_reads_for_every_stage(tmp_path, monkeypatch):
    projects.copy(tmp_path, "dvc.yaml", "params.photos.yaml")
    (tmp_path / "params.photos.yaml").rename(tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    stages = Repo.init(no_scm=True).stage.load_all()
    groups = settings_files.load("dvc.yaml")["stages"]
    assert {stage.name.partition("@")[0] for stage in stages} == set(groups)
    for stage in stages:
        paths = [dep.def_path for dep in stage.deps]
        read = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
        keys = {key for dep in read for key in dep.params}
        files, params = integrity.dependencies(stage.addressing)
        assert {*map(str, files), *(["params.yaml"] if params else [])} == set(paths)
        assert set(params) == keys, stage.addressing
