"""Run a stage: plain log lines, errors without a traceback, and an end when dvc ends."""

import inspect
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_transfer import environment
from fer_transfer.console import integrity
from fer_transfer.console.errors import InputError, remedy

STOPPED = 130  # what a shell reports for a command that Ctrl-C ended


def run(main: Callable[..., None], *arguments: str) -> None:
    """Run a stage's `main`; a user's mistake becomes one clear message and exit code 1."""
    sys.stderr = sys.stderr or io.StringIO()  # closed by `2>&-`
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for name in ("tensorflow", "tf2onnx"):  # a page of remarks for each model written
        logging.getLogger(name).setLevel(logging.ERROR)
    if {"-h", "--help"} & {*arguments}:
        sys.stdout.write(f"{sys.modules[main.__module__].__doc__}\n")
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if environment.dropped:
        logging.getLogger(__name__).info(
            "Ignored from the environment, so that results do not depend on it: %s.",
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
        message = " ".join(str(error).split())
        sys.exit(f"error: {message}. {remedy(error)} Then run the same command again.")
    except MemoryError as error:
        sys.exit(
            f"error: there was not enough memory ({error}). End other programs, or use a "
            "machine with more; then run the same command again."
        )
    except KeyboardInterrupt:
        logging.getLogger(__name__).error("stopped. Run the same command to resume.")
        sys.exit(STOPPED)


def end_with_dvc() -> None:
    """Let this process end at once when the dvc that started it does, even by kill -9.

    Otherwise it would go on writing beside the next run. DVC marks what it starts by
    DVC_STAGE in the environment; a stage that was started by hand is left alone.
    """
    if "DVC_STAGE" not in os.environ or not Path("/proc").exists():
        return
    import psutil  # comes with DVC: what recognises photos does without

    try:
        parents = psutil.Process().parents()
        dvc = next(parent for parent in parents if not _has_mark(parent))
        # What adopts an orphan has a process group of its own.
        alive = os.getpgid(dvc.pid) == os.getpgrp()
    except (psutil.NoSuchProcess, ProcessLookupError):  # it ended meanwhile
        alive = False
    if not alive:
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=_end_after, args=(dvc,), daemon=True).start()


def _has_mark(process: Any) -> bool:
    """Tell whether DVC started a process for this stage: this one, or a shell around it."""
    import psutil

    try:
        mark = process.environ().get("DVC_STAGE")
    except psutil.AccessDenied:  # another user's, such as init
        return False
    return bool(mark == os.environ["DVC_STAGE"])


def _end_after(dvc: Any) -> None:
    dvc.wait()
    os.kill(os.getpid(), signal.SIGKILL)


def _check_arguments(main: Callable[..., None], arguments: tuple[str, ...]) -> None:
    try:
        inspect.signature(main).bind(*arguments)
    except TypeError as error:
        name = Path(sys.argv[0]).name
        raise InputError(f"{name}: {error}. See its first lines.") from None
