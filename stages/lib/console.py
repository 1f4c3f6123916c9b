"""How a stage meets its user: plain log lines, and errors without a traceback."""

import logging
import sys
from collections.abc import Callable


class InputError(ValueError):
    """The user's files or settings are at fault.

    The message says what happened, what was expected and how to fix it.
    """


def run(main: Callable[..., None], *arguments: str) -> None:
    """Run a stage's `main`; a user's mistake becomes one clear message and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        main(*arguments)
    except InputError as error:
        sys.exit(f"error: {error}")
