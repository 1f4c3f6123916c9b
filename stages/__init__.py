"""The stages of dvc.yaml: each module is one box of `dvc dag`, run as `python -m stages.<name>`."""

import os
import signal

from stages.lib.core import environment

environment.isolate()

if "DVC_STAGE" in os.environ:
    # Until console.run takes over, Ctrl-C ends a stage without a traceback through imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
