"""The stages of dvc.yaml: each module is one box of `dvc dag`, run as `python -m stages.<name>`."""

import os
import signal
from pathlib import Path

# deepface and params-flow are written for Keras 2, which TensorFlow takes from tf-keras
# when this is set before it is imported.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# deepface makes a folder for its weights when it is imported: keep it inside the project.
os.environ["DEEPFACE_HOME"] = str(Path("data").resolve())

if "DVC_STAGE" in os.environ:
    # Until console.run takes over, Ctrl-C ends a stage without a traceback through imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
