"""The stages of dvc.yaml: each module is one box of `dvc dag`, run as `python -m stages.<name>`."""

import os
import signal

from fer_transfer import environment

environment.isolate()

from fer_transfer.console import integrity  # noqa: E402  # after the environment is clean

if "DVC_STAGE" in os.environ:
    # Until command.run takes over, Ctrl-C ends a stage without a traceback through imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    integrity.begin()
