"""`make install` installs into .venv and nowhere else, wherever the project lies."""

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests import commands, projects

PROJECT = Path(__file__).parents[1]

# Stands for python3, .venv/bin/python and uv: writes down how it was called, and with what.
STAND_IN = """#!/bin/sh
{ echo "$0 $*"; env; echo; } >> "%s"
case "$*" in
  "-m venv --clear .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-m pip install"*) mkdir -p .venv/uv/bin && cp "$0" .venv/uv/bin/uv ;;
  *sysconfig*) mkdir -p ".venv/site packages" && echo ".venv/site packages" ;;
esac
"""
# What pip, uv, Python and Git would heed.
HOSTILE = {
    "CDPATH": "/tmp",
    "CONDA_PREFIX": "/opt/conda",
    "GIT_DIR": "/nowhere/.git",
    "PIP_CONSTRAINT": "/nowhere/constraints.txt",
    "PIP_TARGET": "/nowhere",
    "PIP_USER": "1",
    "PYTHONHOME": "/nowhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPATH": "/nowhere",
    "PYTHONSAFEPATH": "1",
    "UV_NO_BUILD": "1",
    "UV_PROJECT_ENVIRONMENT": "/nowhere",
    "UV_PYTHON": "/usr/bin/python3",
    "UV_SYSTEM_PYTHON": "1",
    "VIRTUAL_ENV": "/nowhere",
}
# Where packages come from is the user's to say.
KEPT = {
    "PIP_CERT": "/etc/ssl/ours.pem",
    "PIP_INDEX_URL": "https://mirror.example.org/simple",
    "UV_DEFAULT_INDEX": "https://mirror.example.org/simple",
    "UV_INDEX_OURS_PASSWORD": "none",
}


@pytest.fixture
def checkout(tmp_path):
    """A folder whose path has a space, with what `make install` reads."""
    folder = tmp_path / "a study"
    for name in ("fer_transfer/report/html.py", "tools/plots_page.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    projects.copy(folder, "Makefile", "requirements.lock", "build-constraints.txt")
    projects.copy(folder, "tools/environment.pth")
    (folder / ".git").mkdir()
    stand_in = folder / "python3"
    stand_in.write_text(STAND_IN % (folder / "calls"))
    stand_in.chmod(0o755)
    return folder


def make(folder: Path, *arguments: str, **variables: str):
    kept = ("PIP_", "UV_", "PYTHON", "MAKE", "MFLAGS")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(kept)}
    command = ("make", "PYTHON=./python3", *arguments)
    return commands.run(*command, folder=folder, env=clean, expected=None, **variables)


def install(folder: Path, **variables: str) -> dict[str, dict[str, str]]:
    """Return what was called, and the environment that each command had."""
    done = make(folder, "install", **variables)
    assert done.returncode == 0, done.stderr
    calls = {}
    for call in (folder / "calls").read_text().split("\n\n")[:-1]:
        command, *lines = call.splitlines()
        calls[command] = dict(line.split("=", 1) for line in lines if "=" in line)
    return calls


def test_a_path_with_a_space_is_installed_into_whatever_pips_file_says(checkout):
    calls = list(install(checkout))
    assert calls[1] == "./python3 -m venv --clear .venv"
    assert calls[2].startswith(".venv/bin/python -m pip install ")
    for option in ("--no-user", "--prefix= ", "--target .venv/uv"):
        assert option in calls[2]
    assert calls[3].startswith(".venv/uv/bin/uv pip sync --python .venv/bin/python ")
    assert (checkout / ".venv/site packages/environment.pth").is_file()
    assert calls[-1].endswith("/a study/.venv/bin/python -m tools.plots_page")


def test_nothing_of_the_users_leads_the_installation_elsewhere(checkout):
    """But where packages come from is the user's to say."""
    leads = set(HOSTILE) - {"VIRTUAL_ENV", "CONDA_PREFIX"}  # --python comes first
    for command, environment in install(checkout, **HOSTILE, **KEPT).items():
        assert not leads & set(environment), command
        assert environment.items() >= KEPT.items(), command


def test_only_the_versions_of_pyproject_are_installed(checkout, monkeypatch):
    """Under 3.13 all is installed, and then OpenVINO fails in every command."""
    check = next(iter(install(checkout))).partition(" -c ")[2]
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    offered = []
    for minor in range(10, 15):
        monkeypatch.setattr(sys, "version_info", (3, minor, 0))
        with pytest.raises(SystemExit) as ended:
            exec(check)
        if ended.value.code is None:
            offered.append(f"3.{minor}")
        else:
            assert f" is 3.{minor}; the project needs 3.11 or 3.12" in ended.value.code
    assert offered == ["3.11", "3.12"]
    assert list(SpecifierSet(project["requires-python"]).filter(offered)) == offered


def test_an_environment_of_another_version_is_refused(checkout):
    python = checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert make(checkout, "install").returncode
    assert not (checkout / "calls").exists()


@pytest.mark.parametrize("target", ["install", "demo"])
def test_a_download_without_git_is_told_to_clone(checkout, target):
    (checkout / ".git").rmdir()
    done = make(checkout, target)
    first, *_ = done.stderr.splitlines()
    assert first.startswith("error: not a Git repository, and DVC needs one")
    assert "git clone" in first
    assert not (checkout / ".venv").exists()


def test_the_demo_begins_without_the_studys_lock_and_keeps_its_own(checkout, tmp_path):
    """Whatever hooks the user has, such as those of `dvc install`."""

    def commit(change: str) -> None:
        (checkout / "dvc.lock").write_text(change)
        projects.git(checkout, "add", "params.demo.yaml", "dvc.lock")
        projects.git(checkout, "commit", "--quiet", "--message", change)

    hooks = projects.failing_hooks(tmp_path)

    def lock_after_demo() -> str | None:
        done = make(checkout, "demo", **hooks)
        assert done.returncode == 0, done.stderr
        lock = checkout / ".demo/dvc.lock"
        return lock.read_text() if lock.exists() else None

    (checkout / ".git").rmdir()
    (checkout / "params.demo.yaml").touch()
    projects.git(checkout, "init", "--quiet")
    commit("the study's")
    assert lock_after_demo() is None
    (checkout / ".demo/dvc.lock").write_text("the demo's")
    assert lock_after_demo() == "the demo's"
    commit("the study's next")
    assert lock_after_demo() is None


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment of no packages, with the line that `make install` leaves in it."""
    folder = tmp_path_factory.mktemp("an environment") / ".venv"
    commands.python("-m", "venv", "--without-pip", folder)
    [packages] = folder.glob("lib/python*/site-packages")
    shutil.copy(PROJECT / "tools/environment.pth", packages)
    return folder


PASSED_ON = (
    "import os, shutil, subprocess, sys;"
    "code = 'import os, sys; print(sys.prefix, sys.flags.safe_path, sys.flags.optimize)';"
    "print(subprocess.run(['python', '-c', code], capture_output=True, text=True).stdout);"
    "print(os.environ['PATH'])"
)


@pytest.mark.parametrize("path", ["/usr/bin:/bin", "", "{}:/usr/bin"])
def test_what_runs_in_the_environment_finds_its_python_which_is_put_on_the_path_once(
    installed, path
):
    """As dvc does, whose stages are run by `python`, where nobody has activated it."""
    env = {"PYTHONSAFEPATH": "1", "PYTHONOPTIMIZE": "2"}
    env["PATH"] = path.format(installed / "bin")
    done = commands.run(installed / "bin/python", "-c", PASSED_ON, env=env)
    found, _, on_path = done.stdout.splitlines()
    assert found == f"{installed} False 0"
    assert on_path.split(":").count(str(installed / "bin")) == 1


def test_a_stage_that_is_started_by_hand_under_a_safe_path_is_found():
    stage = ("-m", "stages.evaluate")
    done = commands.python(*stage, expected=1, PYTHONSAFEPATH="1")
    assert "evaluate.py: missing a required argument: 'name'." in done.stderr


NAMES = ("Ann's [2026] photos", "R&D; false", '100$HOME `id` "x" #1', "a$$b\\")


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_of_make_reaches_the_program_as_it_was_given(checkout, name):
    done = make(checkout, "recognise", f"PHOTOS={name}", f"OUT={name}", f"MODEL={name}")
    assert done.returncode == 0, done.stderr
    calls = (checkout / "calls").read_text()
    program = "-m fer_transfer.recognise"
    assert f"{program} {name} --out {name} --model {name}\n" in calls


def test_every_variable_that_users_set_is_handed_over_in_quotes():
    text = (PROJECT / "Makefile").read_text()
    [names] = re.findall(r"^TEXTS := (.+)$", text, re.MULTILINE)
    recipes = re.findall(r"^\t.*$", text, re.MULTILINE)
    for name in names.split():
        tested = f"$(if $({name}),"  # make asks whether it is set
        assert not any(f"$({name})" in line.replace(tested, "") for line in recipes)
