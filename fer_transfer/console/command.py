"""How a stage meets its user: plain log lines, errors without a traceback, an end with dvc."""

import inspect
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from fer_transfer import environment
from fer_transfer.console import integrity
from fer_transfer.console.errors import InputError, remedy

STOPPED = 130  # what a shell reports for a command that Ctrl-C ended


def run(main: Callable[..., None], *arguments: str) -> None:
    """Run a stage's `main`; a user's mistake becomes one clear message and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if environment.dropped:
        logging.getLogger(__name__).info(
            "Not used, as results may not depend on it: %s.",
            ", ".join(environment.dropped),
        )
    try:
        end_with_dvc()
        _check_arguments(main, arguments)
        main(*arguments)
        integrity.check()
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        said = " ".join(str(error).split())
        sys.exit(f"error: {said}. {remedy(error)} Then run {_command()} again.")
    except MemoryError as error:
        sys.exit(
            f"error: there was not enough memory ({error}). End other programs, or use a "
            f"machine with more; then run {_command()} again."
        )
    except KeyboardInterrupt:
        logging.getLogger(__name__).error("stopped. Run %s again to go on.", _command())
        sys.exit(STOPPED)


def end_with_dvc() -> None:
    """Let this process end at once when the dvc that started it does, even by kill -9.

    Otherwise it would go on writing beside the next run. DVC marks what it starts by
    DVC_STAGE in the environment; a stage that was started by hand is left alone.
    """
    if "DVC_STAGE" not in os.environ or not Path("/proc/self/environ").exists():
        return
    try:
        dvc = _starter()
        handle = os.pidfd_open(dvc)
        # What adopts an orphan has a process group of its own; and no number may have
        # passed to another process between `_starter` and the handle.
        alive = os.getpgid(dvc) == os.getpgrp() and dvc == _starter()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        alive = False
    except OSError:  # this system does not allow it
        return
    if not alive:
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=_end_after, args=(handle,), daemon=True).start()


def _starter() -> int:
    """Return the process that runs dvc: the nearest one that DVC's mark is not handed to.

    The parent may be a shell: some replace themselves by their last command, some stay.
    """
    process = os.getppid()
    while _has_mark(process):
        status = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
        process = int(status.rpartition(")")[2].split()[1])
    return process


def _has_mark(process: int) -> bool:
    mark = f"DVC_STAGE={os.environ['DVC_STAGE']}".encode()
    try:
        return mark in Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except PermissionError:  # another user's, such as init
        return False


def _end_after(handle: int) -> None:
    select.select([handle], [], [])
    os.kill(os.getpid(), signal.SIGKILL)


def _check_arguments(main: Callable[..., None], arguments: tuple[str, ...]) -> None:
    wanted = list(inspect.signature(main).parameters)
    if len(arguments) != len(wanted):
        raise InputError(
            f"{Path(sys.argv[0]).name} takes {', '.join(wanted) or 'no argument'}. Got "
            f"{' '.join(arguments) or 'nothing'} instead. Run it by `dvc repro`."
        )


def _command() -> str:
    """Name what goes on from here: DVC for a stage that it started, else what was given."""
    return "`dvc repro`" if "DVC_STAGE" in os.environ else "the same command"
