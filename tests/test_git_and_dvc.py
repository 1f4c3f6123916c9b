"""The project under settings of Git's and DVC's that are not ours."""

from pathlib import Path

import photo_files
import projects
import pytest
import toys
from projects import git

from fer_transfer.console.errors import InputError
from stages import download

PROJECT = Path(__file__).parents[1]
TEXTS = ("dvc.yaml", "params.yaml", "requirements.lock", "fer_transfer/core/files.py")
# What DVC or a stage must find, and a colleague too.
TRACKED = (
    *("dvc.lock", "dvc.yaml", "metrics/dataset.json", "params.yaml"),
    *("plots/figures/figure-05.png", "plots/history/openface-random.csv"),
    *("plots/predictions/openface-random.txt", "requirements.lock"),
    *("fer_transfer/data/faces.py", "fer_transfer/features/feature_store.py"),
)
IGNORED = (
    *(".ckpt/a/history.csv", ".demo/dvc.lock", ".venv/bin/python"),
    *("data/raw/fer2013.csv", "plots/faces/figure-01.png", "plots/report.html"),
    "stages/__pycache__/split.cpython-311.pyc",
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own for Git, whose settings the test writes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    return tmp_path


def repository(home: Path, *names: str) -> Path:
    """Make a repository of some of the project's files."""
    folder = home / "study"
    projects.copy(folder, *names)
    git(folder, "init", "-q")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "-q", "-m", "The study")
    return folder


def test_a_checkout_has_the_same_bytes_whatever_autocrlf_says(home):
    """With the line ends of Windows every stage would count as changed."""
    (home / "study").mkdir()
    image = b"\x89PNG\r\n\x1a\n plain text\r\n"
    (home / "study/figure.png").write_bytes(image)
    folder = repository(home, ".gitattributes", *TEXTS)
    git(home, "config", "--global", "core.autocrlf", "true")
    git(home, "config", "--global", "core.eol", "crlf")
    git(home, "clone", "-q", str(folder), "clone")
    for name in TEXTS:
        assert (home / "clone" / name).read_bytes() == (PROJECT / name).read_bytes()
    assert (home / "clone/figure.png").read_bytes() == image
    assert git(home / "clone", "status", "--porcelain") == ""


def test_ignored_files_of_the_users_hide_nothing_of_the_projects(home):
    """DVC refuses to work where dvc.lock is ignored."""
    patterns = ["*.lock", "*.json", "*.csv", "*.png", "*.txt", "*.yaml", "data", "lib/"]
    (home / "ignored").write_text("\n".join([*patterns, "metrics", "plots", ""]))
    git(home, "config", "--global", "core.excludesFile", str(home / "ignored"))
    command = ("check-ignore", "--no-index", *TRACKED, *IGNORED)
    assert git(repository(home, ".gitignore"), *command).split() == [*IGNORED]


def test_changes_of_dvc_lock_by_two_branches_are_a_conflict_however_far_apart(home):
    """An entry of one side's code and the other side's outputs would pass for a result."""
    lock = photo_files.write(
        home / "study/dvc.lock", b"ours\n" + 99 * b"\n" + b"theirs\n"
    )
    folder = repository(home, ".gitattributes")
    git(folder, "tag", "base")
    for line in ("ours", "theirs"):
        git(folder, "checkout", "-q", "-b", line, "base")
        projects.edit(lock, line, "changed")
        projects.commit(folder, "Another result")
    with pytest.raises(AssertionError, match="CONFLICT"):
        git(folder, "merge", "ours")
    assert lock.read_text().startswith("ours")


def test_a_relative_source_that_is_not_there_is_to_be_made_absolute(tmp_path):
    """`dvc exp run --temp` runs in a folder of its own, where it names nothing."""
    with pytest.raises(InputError, match="exists by its absolute path, to an address"):
        download.from_path(Path("copies/fer2013.csv"), "", tmp_path)
    with pytest.raises(InputError, match="one that exists, to an address"):
        download.from_path(Path("/copies/fer2013.csv"), "", tmp_path)


GLOBAL_CONFIG = """\
[core]
    autostage = true
    checksum_jobs = 1
    check_update = false
[cache]
    type = copy
[parsing]
    bool = boolean_optional
    list = append
"""


@pytest.mark.slow
def test_dvcs_global_config_changes_no_result(tmp_path):
    found = []
    for name, config in (("plain", ""), ("set", GLOBAL_CONFIG)):
        home, folder = tmp_path / f"home-{name}", tmp_path / name
        home.mkdir()
        folder.mkdir()
        (home / "config").write_text(config)
        toys.begin(folder)
        projects.dvc(folder, projects.environment(home), "repro", "train")
        found.append((folder / "dvc.lock").read_bytes())
    assert found[0] == found[1]
