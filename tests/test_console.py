import errno
import os
import subprocess
import sys
from pathlib import Path

import commands
import numpy as np
import pytest

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from stages import split


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(commands.PROJECT)}


IMPORTS = (
    "import os, time\n"
    "from pathlib import Path\n"
    "from fer_transfer.core import files\n"
    "from fer_transfer.console import command\n"
    "from fer_transfer.console.errors import InputError\n"
)


def write_stage(folder: Path, body: str) -> Path:
    """Write a script whose `main` has this body and that runs as a stage does."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    script = folder / "stage.py"
    script.write_text(f"{IMPORTS}def main():\n{lines}command.run(main)\n")
    return script


def runs(process: int) -> bool:
    """Say whether a process is there, and not just waiting to be buried."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it may end while it is looked at
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def message_of(error: BaseException) -> str:
    """Run a stage that ends with an error; return what its user reads."""

    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        command.run(main)
    assert caught.value.code not in (0, None)
    return str(caught.value.code)


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        command.run(lambda: 1 / 0)


REFUSALS = {
    "full disk": (errno.ENOSPC, "The disk is full: free some space."),
    "read-only file system": (errno.EROFS, "The file system is read-only"),
    "file that is gone": (errno.ENOENT, "Check this path and its disk."),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_the_machine_refuses_is_one_line_that_names_the_file(name):
    number, remedy = REFUSALS[name]
    message = message_of(OSError(number, os.strerror(number), "data/images.npz"))
    assert "\n" not in message
    assert message.startswith(
        f"error: [Errno {number}] {os.strerror(number)}: 'data/images.npz'. {remedy}"
    )
    assert message.endswith(" Then run the same command again.")


def test_a_users_mistake_and_too_little_memory_are_one_line():
    assert message_of(InputError("no such column")) == "error: no such column"
    message = message_of(MemoryError("48 GiB"))
    assert message.startswith("error: there was not enough memory (48 GiB).")
    assert message.endswith(" then run the same command again.")


def test_a_file_that_does_not_fit_leaves_nothing_and_the_old_one_as_it_was(tmp_path):
    files.write_npz(tmp_path / "data/a.npz", {"a": np.zeros(3)})
    before = (tmp_path / "data/a.npz").read_bytes()
    body = (
        "import resource, numpy\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "files.write_npz(Path('data/a.npz'), {'a': numpy.zeros(100_000)})"
    )
    stage, env = write_stage(tmp_path, body), environment()
    error = commands.python(stage, folder=tmp_path, env=env, expected=1).stderr
    assert "The file is too large for this system" in error
    assert error.count("\n") == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["a.npz"]
    assert (tmp_path / "data/a.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "stage.py: missing a required argument: 'name'. See its first lines"),
        (("a", "b"), "stage.py: too many positional arguments."),
    ],
)
def test_a_stage_without_its_variant_says_what_it_takes(
    monkeypatch, arguments, message
):
    def main(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(sys, "argv", ["/stages/stage.py"])
    with pytest.raises(SystemExit, match=message):
        command.run(main, *arguments)


def test_help_says_what_a_command_does(capsys):
    command.run(split.main, "--help")
    assert "Split the faces into a training" in capsys.readouterr().out


BEAT = "Path('process').write_text(str(os.getpid()))\nwhile True:\n    time.sleep(0.02)"


def test_a_stage_ends_with_the_dvc_that_is_killed(tmp_path):
    script = write_stage(tmp_path, BEAT)
    (tmp_path / "dvc.yaml").write_text(
        f"stages:\n  beat:\n    cmd: {sys.executable} {script.name}\n"
    )
    commands.python("-m", "dvc", "init", "--no-scm", "-q", folder=tmp_path)
    repro = [sys.executable, "-m", "dvc", "repro", "-q"]
    with subprocess.Popen(repro, cwd=tmp_path, env=environment()) as dvc:
        process = tmp_path / "process"
        commands.wait(lambda: process.exists() and process.read_text())
        stage = int(process.read_text())
        assert runs(stage)
        dvc.kill()
    commands.wait(lambda: not runs(stage), seconds=30)


def test_a_stage_whose_dvc_died_before_it_was_ready_ends(tmp_path):
    write_stage(tmp_path, BEAT)
    # What takes dvc's place ends at once; whoever adopts its child is of another group.
    command = f"sleep 0.2; timeout 20 {sys.executable} stage.py 2> errors; echo > done"
    dvc = f"import subprocess\nsubprocess.Popen(['/bin/sh', '-c', {command!r}])"
    subprocess.run(
        [sys.executable, "-c", dvc],
        cwd=tmp_path,
        env={**environment(), "DVC_STAGE": "beat"},
        start_new_session=True,
        check=True,
    )
    commands.wait((tmp_path / "done").exists)
    assert not (tmp_path / "process").exists()
    assert "Traceback" not in (tmp_path / "errors").read_text()
