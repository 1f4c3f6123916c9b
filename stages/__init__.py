"""The stages of dvc.yaml: each module is one box of `dvc dag`, run as `python -m stages.<name>`."""

import os
import signal

import fer_transfer  # noqa: F401  # takes out of the environment what could change a result

if "DVC_STAGE" in os.environ:
    # Until command.run takes over, Ctrl-C ends a stage without a traceback through imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
