"""What names the state of a stage that was interrupted, so that only its like goes on from it."""

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stages.lib.core import files

PACKAGE = Path(__file__).parents[2]  # stages/


def state_key(settings: dict[str, Any], inputs: Iterable[Path]) -> str:
    """Return a hash of the settings, of the inputs' contents and of the code that runs.

    It is the same wherever the project lies. Code is every module of the stages that has been
    imported: a state that another version of it wrote is not gone on from.
    """
    modules = [getattr(module, "__file__", None) for module in sys.modules.values()]
    code = {
        Path(file) for file in modules if file and Path(file).is_relative_to(PACKAGE)
    }
    hashes = {
        os.path.relpath(path): files.digest(path, "sha256") for path in [*inputs, *code]
    }
    text = json.dumps([settings, hashes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
