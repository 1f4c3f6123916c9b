"""The workflow of pull requests, its shell steps, and DVC's commands, run on a study with results."""

import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import commands
import projects
import pytest
import settings_files

pytestmark = pytest.mark.slow

WORKFLOW = settings_files.load(".github/workflows/check.yml")
STEPS = {
    step["name"]: step for step in WORKFLOW["jobs"]["results"]["steps"] if "run" in step
}
CHECK, PULL, COMPARE = (
    "The results are those of this code",
    "The remote has the results",
    "Compare the metrics",
)
WITHOUT_WEIGHTS = "vggface-pretrained"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study whose stages are all up to date."""
    folder = tmp_path_factory.mktemp("stubs") / "study"
    projects.make_stubs(folder, ["openface-random"])
    return folder


@pytest.fixture(scope="module")
def pushed(study, tmp_path_factory):
    """A study on a remote; one of its variants has no results."""
    folder = tmp_path_factory.mktemp("pushed") / "study"
    shutil.copytree(study, folder)
    env = projects.environment(folder.parent)
    remote = ("remote", "add", "--default", "team", str(folder.parent / "remote"))
    projects.dvc(folder, env, *remote)
    projects.dvc(folder, env, "push", "--quiet")
    projects.add_variant(folder, WITHOUT_WEIGHTS)
    # What reads the settings of all variants runs again; here, its results stand.
    gathering = ("tabulate", "plot", "report")
    projects.dvc(folder, env, "commit", "--force", *gathering)
    projects.dvc(folder, env, "push", "--quiet", *gathering)
    projects.commit(folder, "A variant whose weights could not be had")
    return folder


@pytest.fixture
def checkout(pushed, tmp_path):
    """What the workflow checks out: Git's files alone."""
    projects.git(tmp_path, "clone", "-q", str(pushed), "checkout")
    return tmp_path / "checkout"


def run(folder: Path, name: str) -> CompletedProcess[str]:
    """Run a step as GitHub does where a workflow names bash as its shell."""
    env = projects.environment(folder.parent) | {
        key: value
        for key, value in STEPS[name].get("env", {}).items()
        if "secrets" not in value
    }
    branch = projects.git(folder, "branch", "--show-current").strip()
    env |= {"GITHUB_BASE_REF": branch, "GITHUB_STEP_SUMMARY": "summary.md"}
    bash = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
    return commands.run(
        *bash, STEPS[name]["run"], folder=folder, env=env, expected=None
    )


def test_a_study_whose_results_are_those_of_its_code_passes(checkout):
    for name in (CHECK, PULL, COMPARE):
        done = run(checkout, name)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    assert (checkout / "data/runs/openface-random/weights.h5").exists()
    assert "metrics" in (checkout / "comment.md").read_text()


def test_code_that_was_changed_without_a_run_does_not(checkout):
    with (checkout / "fer_transfer/training/loop.py").open("a") as file:
        file.write("EDITED = True\n")
    done = run(checkout, CHECK)
    assert done.returncode
    assert "train@openface-random" in done.stdout + done.stderr


def test_a_score_of_another_training_does_not(checkout):
    lock, path = checkout / "dvc.lock", "data/runs/openface-random/probabilities.npz"
    before, _, after = lock.read_text().partition(path)
    after = re.sub("md5: .{32}", f"md5: {'f' * 32}", after, count=1)
    lock.write_text(before + path + after)
    done = run(checkout, CHECK)
    assert done.returncode
    assert path in done.stdout


def test_a_variant_that_was_added_without_a_run_does_not(checkout):
    projects.add_variant(checkout, "mobilenet-random")
    done = run(checkout, CHECK)
    assert done.returncode
    assert "weights@mobilenet-random" in projects.ran(done.stdout)


def test_a_project_without_a_remote_passes_and_says_so(checkout):
    projects.dvc(
        checkout, projects.environment(checkout.parent), "remote", "remove", "team"
    )
    done = run(checkout, PULL)
    assert (done.returncode, "no remote" in done.stdout) == (0, True)


def test_a_remote_that_lacks_a_result_does_not(checkout, pushed):
    remote = pushed.parent / "remote"
    shutil.move(remote, remote.with_name("elsewhere"))
    try:
        assert run(checkout, CHECK).returncode == 0
        assert run(checkout, PULL).returncode
    finally:
        shutil.move(remote.with_name("elsewhere"), remote)


def test_dvcs_commands_work_where_a_variant_has_no_results_yet(pushed):
    """Such as those whose official weights could not be had."""
    env = projects.environment(pushed.parent)
    for command in ("status", "checkout --allow-missing", "diff HEAD~1"):
        projects.dvc(pushed, env, *command.split())


def test_dvcs_commands_work_on_a_study_with_results(study):
    env = projects.environment(study.parent)
    for command in (
        *("status", "checkout", "exp save --name first", "commit --force"),
        *("gc --workspace --force", "exp apply first", "diff HEAD"),
    ):
        projects.dvc(study, env, *command.split())
