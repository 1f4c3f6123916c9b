"""The stages of dvc.yaml: each module is one box of `dvc dag`, run as `python -m stages.<name>`."""

import os
import signal

# Importing fer_transfer takes out of the environment what could change a result.
from fer_transfer.console import integrity

if "DVC_STAGE" in os.environ:
    # Until command.run takes over, Ctrl-C ends a stage without a traceback through imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    integrity.begin()
