"""What names the state of a stage that was interrupted, so that only its like goes on from it."""

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fer_transfer.core import files

PROJECT = Path(__file__).parents[2]
CODE = ("fer_transfer", "stages")
# What talks to the user, and what checks settings, decides no result.
EXEMPT = ("fer_transfer/console", "fer_transfer/settings")


def state_key(settings: dict[str, Any], inputs: Iterable[Path]) -> str:
    """Return a hash of the settings, of the inputs' contents and of the code that runs.

    It is the same wherever the project lies. Code is every module of the project that has been
    imported and may decide a result: a state that another version of it wrote is not gone on from.
    """
    modules = [getattr(module, "__file__", None) for module in sys.modules.values()]
    code = {
        Path(file)
        for file in modules
        if file and _lies_in(CODE, Path(file)) and not _lies_in(EXEMPT, Path(file))
    }
    hashes = {
        os.path.relpath(path): files.digest(path, "sha256") for path in [*inputs, *code]
    }
    text = json.dumps([settings, hashes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _lies_in(folders: Iterable[str], file: Path) -> bool:
    return any(file.is_relative_to(PROJECT / folder) for folder in folders)
