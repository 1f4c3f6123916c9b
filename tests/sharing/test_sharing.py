"""What docs/sharing.md promises, over an S3 server on loopback, SSH and a local disk."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import projects
import pytest
import servers
import settings_files
from projects import VARIANTS, clone, contents, dvc, git, ran, restored

pytestmark = pytest.mark.long

WORKFLOW = projects.ROOT / ".github/workflows/check.yml"
SECRET = servers.CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
UP_TO_DATE = "Data and pipelines are up to date."
RESULTS = ("data/runs/*/*", "metrics/**/*", "plots/**/*")

SSH_SERVER = """
import asyncio, pathlib, sys, asyncssh
async def serve(folder):
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(folder / "key")
    (folder / "key").chmod(0o600)
    key.write_public_key(folder / "key.pub")
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        authorized_client_keys=str(folder / "key.pub"), sftp_factory=True)
    print(server.get_port(), flush=True)
    await server.wait_closed()
asyncio.run(serve(pathlib.Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    """Give the environment of a colleague with credentials for an S3 server."""
    home = tmp_path_factory.mktemp("home")
    with servers.s3_bucket(home / "server.log", "team") as credentials:
        yield {**projects.environment(home), **credentials}


@pytest.fixture(scope="module")
def team(env, tmp_path_factory):
    """Let two colleagues train half of the variants each, and a third assemble the study."""
    folder = tmp_path_factory.mktemp("team")
    code = folder / "code"
    projects.make(code)
    dvc(code, env, "remote", "add", "-d", "team", "s3://team/fer")
    projects.commit(code, "A remote")
    workers = [clone(code, folder / name) for name in VARIANTS]
    for name, worker in zip(VARIANTS, workers, strict=True):
        dvc(worker, env, "repro", "--pull", "--allow-missing", f"train@{name}")
        dvc(worker, env, "push", "--run-cache", f"train@{name}")

    third = clone(code, folder / "third")
    pull = ("repro", "--pull", "--allow-missing")
    single = dvc(third, env, *pull, f"train@{VARIANTS[0]}").stdout
    assembled = dvc(third, env, "repro", "--pull").stdout
    dvc(third, env, "push")
    projects.commit(third, "Results")
    return SimpleNamespace(
        folder=folder, workers=workers, third=third, single=single, assembled=assembled
    )


@pytest.fixture
def fourth(team, tmp_path):
    return clone(team.third, tmp_path / "fourth")


def test_a_variant_that_a_colleague_trained_is_restored_without_a_lock(team):
    assert f"train@{VARIANTS[0]}" in restored(team.single)
    assert f"train@{VARIANTS[0]}" not in ran(team.single)


def test_variants_that_two_trained_are_assembled_by_a_third_who_trains_none(team):
    assert f"train@{VARIANTS[1]}" in restored(team.assembled)
    assert not [name for name in ran(team.assembled) if name.startswith("train")]
    assert "tabulate" in ran(team.assembled)
    for name, worker in zip(VARIANTS, team.workers, strict=True):
        trained = contents(worker, f"data/runs/{name}/*")
        assert len(trained) == 3
        assert trained == contents(team.third, f"data/runs/{name}/*")


def test_a_fresh_clone_has_all_results_and_runs_nothing(team, env, fourth):
    dvc(fourth, env, "pull", "--allow-missing")
    assert contents(fourth, *RESULTS) == contents(team.third, *RESULTS)
    assert UP_TO_DATE in dvc(fourth, env, "repro", "--allow-missing").stdout
    assert git(fourth, "status", "--porcelain") == ""
    # Features stay on the machine that made them; plain `dvc repro` would make them again.
    assert list(fourth.glob("data/features/**/*.npy")) == []
    again = ran(dvc(fourth, env, "repro", "--dry", expected=255).stdout)
    assert again == [f"features@{name}" for name in VARIANTS]


def test_branches_are_compared_without_pulling(team, env, fourth):
    git(team.third, "checkout", "-q", "-b", "wider")
    settings_files.change({"tables.windows": [[2, 3]]}, team.third)
    dvc(team.third, env, "repro", "tabulate")
    projects.commit(team.third, "A window that no run has")
    git(team.third, "checkout", "-q", "main")
    git(fourth, "fetch", "-q")

    change = dvc(fourth, env, "metrics", "diff", "main", "origin/wider", "--json")
    changed = json.loads(change.stdout)["metrics/study/table3.json"]
    windows = {name.split(".")[1] for name in changed}
    assert windows == {"1-2"}  # of main: the branch's begins with the last epoch

    plots = dvc(fourth, env, "plots", "diff", "main", "origin/wider")
    assert "failed to load" not in plots.stderr
    drawn = {path.name for path in (fourth / "dvc_plots/static").iterdir()}
    for figure in ("faces_figure-01.png", "figures_figure-05.png"):  # cached; in Git
        assert f"main_plots_{figure}" in drawn
        assert f"origin_wider_plots_{figure}" in drawn
    assert not (fourth / "data/faces").exists()


def test_without_credentials_the_error_says_so_and_nothing_is_written(env, fourth):
    bare = {k: v for k, v in env.items() if "ACCESS_KEY" not in k}
    bare["AWS_EC2_METADATA_DISABLED"] = "true"
    done = dvc(fourth, bare, "pull", "--allow-missing", expected=1)
    assert "Unable to locate credentials" in done.stderr
    assert not (fourth / "data/runs").exists()


def test_no_credential_is_in_a_colleague_s_files(team):
    files = [path for path in team.third.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_a_local_disk_is_a_remote_and_a_damaged_object_there_is_refused(
    team, env, fourth, tmp_path
):
    add = ("remote", "add", "--local", "disk", str(tmp_path / "disk"))
    dvc(team.third, env, *add)
    dvc(team.third, env, "push", "--remote", "disk")
    split = (team.third / "data/splits/random.npz").read_bytes()
    (stored,) = [
        path
        for path in (tmp_path / "disk").rglob("*")
        if path.is_file() and path.read_bytes() == split
    ]
    stored.chmod(0o644)
    stored.write_bytes(b"?" + split[1:])

    dvc(fourth, env, *add)
    dvc(fourth, env, "remote", "modify", "--local", "disk", "verify", "true")
    dvc(fourth, env, "pull", "--remote", "disk", "split@random", expected=1)
    assert not (fourth / "data/splits/random.npz").exists()

    stored.write_bytes(split)
    dvc(fourth, env, "pull", "--remote", "disk", "--allow-missing")
    assert contents(fourth, *RESULTS) == contents(team.third, *RESULTS)
    assert git(fourth, "status", "--porcelain") == ""


@pytest.fixture
def ssh(tmp_path):
    command = [sys.executable, "-c", SSH_SERVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()


def test_ssh_is_a_remote(team, env, fourth, ssh, tmp_path):
    for project in (team.third, fourth):
        with (project / ".dvc/config.local").open("a") as config:
            config.write(
                f"['remote \"server\"']\n  url = ssh://127.0.0.1:{ssh}{tmp_path}/store\n"
                f"  keyfile = {tmp_path}/key\n"
            )
    dvc(team.third, env, "push", "--remote", "server", "split@random")
    dvc(fourth, env, "pull", "--remote", "server", "split@random")
    split = "data/splits/random.npz"
    assert contents(fourth, split) == contents(team.third, split) != {}


def test_the_workflow_pins_its_actions_and_names_secrets_only():
    text = WORKFLOW.read_text()
    actions = re.findall(r"uses: (.+)", text)
    assert actions
    assert all(re.search(r"@[0-9a-f]{40} # v\d", action) for action in actions)
    assert set(re.findall(r"(?:KEY|TOKEN)\w*: (.+)", text)) <= {
        "${{ secrets.AWS_ACCESS_KEY_ID }}",
        "${{ secrets.AWS_SECRET_ACCESS_KEY }}",
        "${{ github.token }}",
    }
