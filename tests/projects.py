"""Whole projects for the tests that run DVC: the real pipeline on a few synthetic faces."""

import os
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen

import commands
import pytest
import settings_files
from dvc.repo import Repo

ROOT = Path(__file__).parents[1]
VARIANTS = ("openface-pretrained", "openface-random")  # the smallest backbone
# The files that a run needs; what a run makes is left behind.
PARTS = (
    *(".dvc/.gitignore", ".dvc/config", ".dvc/plots", ".dvcignore", ".gitignore"),
    *("data/unwatched", "dvc.yaml", "fer_transfer", "metrics/architectures.json"),
    *("metrics/choose/.gitkeep", "metrics/costs.json", "metrics/paper"),
    *("requirements.lock", "stages", "tools"),
)


def make(folder: Path, variants: Iterable[str] = VARIANTS) -> None:
    """Make a Git repository of the project whose variants train in a moment."""
    copy(folder, *PARTS)
    settings_files.write_demo(
        folder,
        variants,
        synthetic={"images": 70, "pretraining_steps": 1},
        train={"epochs": 2},
        tables={"windows": [[1, 2]]},
    )
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "The study")


def copy(folder: Path, *names: str) -> None:
    """Copy files and folders of the project."""
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, target, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copyfile(ROOT / name, target)


def make_stubs(
    folder: Path, variants: Iterable[str], searches: Iterable[str] = ()
) -> None:
    """Copy the project, and let DVC record a stub as each output: all stages are up to date."""
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    names = commands.run(*listed).stdout.splitlines()
    copy(folder, *(n for n in names if (ROOT / n).is_file() and n != "dvc.lock"))
    runs = settings_files.load(settings_files.DEMO)["runs"]
    searched = {name: runs[name] for name in searches}
    settings_files.write_demo(folder, variants, searches=searched)
    git(folder, "init", "-q")
    with Repo(folder) as repo:
        outs = repo.index.outs
    for out in outs:
        path = Path(out.fs_path) if "." in out.def_path else Path(out.fs_path, "stub")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(out.def_path)
    dvc(folder, environment(folder.parent), "commit", "--force")
    commit(folder, "The study")


def add_variant(folder: Path, name: str) -> None:
    """Add one of the demo's variants, and its run, to a study's settings."""
    demo = settings_files.load(settings_files.DEMO)
    added = {f"{part}.{name}": demo[part][name] for part in ("variants", "runs")}
    settings_files.change(added, folder)


def edit(path: str | Path, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text, f"{path} does not hold {old!r}: choose another edit."
    Path(path).write_text(text.replace(old, new))


def enter_copy(source: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy a project into a home of its own, and let the test stand in the copy."""
    folder = shutil.copytree(source, home / "project", symlinks=True)
    for key, value in environment(home).items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(folder)
    return folder


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which nothing of this user's is read or written."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DVC_"))}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "HOME": str(home),
        "DVC_GLOBAL_CONFIG_DIR": str(home),
        "DVC_SYSTEM_CONFIG_DIR": str(home),
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        "DVC_NO_ANALYTICS": "1",
        "FER_MIRROR": "",
        "NO_PROXY": "127.0.0.1",
        # `python`, in the stages' commands, is the one that runs the tests.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def failing_hooks(home: Path) -> dict[str, str]:
    """Give a user hooks that fail in every repository; return what names them to Git."""
    folder, settings = home / "hooks", home / "with-hooks.gitconfig"
    folder.mkdir()
    for name in ("post-checkout", "reference-transaction"):
        (folder / name).write_text("#!/bin/sh\nexit 1\n")
        (folder / name).chmod(0o755)
    settings.write_text(f"[core]\n\thooksPath = {folder}\n")
    return {"GIT_CONFIG_GLOBAL": str(settings)}


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    return commands.run("git", *identity, *arguments, folder=folder).stdout


def clone(origin: Path, target: Path) -> Path:
    git(target.parent, "clone", "-q", str(origin), str(target))
    return target


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", message)


def dvc(
    folder: Path, env: dict[str, str], *arguments: str, expected: int | None = 0
) -> CompletedProcess[str]:
    """Run a dvc command and hold it to its exit code."""
    command = ("-m", "dvc", *arguments)
    return commands.python(*command, folder=folder, env=env, expected=expected)


def ran(output: str) -> list[str]:
    """Name the stages that dvc ran, or said it would."""
    return re.findall(r"^Running stage '(.+)':$", output, re.MULTILINE)


def would_run(*options: str) -> list[str]:
    """Name the stages that dvc would run in the current folder."""
    return ran(dvc(Path(), dict(os.environ), "repro", "--dry", *options).stdout)


def restored(output: str) -> list[str]:
    """Name the stages that dvc took from its run-cache."""
    return re.findall(r"^Stage '(.+)' is cached - skipping run", output, re.MULTILINE)


def contents(folder: Path, *patterns: str) -> dict[str, bytes]:
    """Return the files that match, or all, by their path inside the folder."""
    paths = [path for one in patterns or ["**/*"] for path in folder.glob(one)]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(paths)
        if path.is_file()
    }


def begin(folder: Path, env: dict[str, str], *targets: str) -> Popen[str]:
    """Start `dvc repro` as the leader of a process group of its own, as a shell does."""
    return Popen(
        [sys.executable, "-m", "dvc", "repro", *targets],
        cwd=folder,
        env={**env, "PYTHONUNBUFFERED": "1"},  # a stage is announced when it begins
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        start_new_session=True,
    )
