"""Where a long run is: a bar on a terminal, plain lines now and then in a pipe or in CI."""

import logging
import sys
from typing import Any

from tqdm import tqdm

logger = logging.getLogger(__name__)

LINE_SECONDS = 60


class Progress(tqdm):  # type: ignore[type-arg]  # it counts, and iterates over nothing
    """Count what is done of a total, if it is known; show the rate and the time that is left."""

    def __init__(self, total: int | None, unit: str, done: int = 0) -> None:
        """Begin, with what an earlier run has done."""
        self.on_terminal = sys.stderr.isatty()
        shape: dict[str, Any] = {"dynamic_ncols": True}
        if not self.on_terminal:
            shape = {"ncols": 0, "leave": False}
            shape |= {"mininterval": LINE_SECONDS, "delay": LINE_SECONDS}
        super().__init__(total=total, unit=unit, initial=done, **shape)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        if self.on_terminal:
            super().display(msg, pos)
        elif msg is None:
            self.say("")

    def say(self, message: str) -> None:
        """Leave a line that stays, above the bar or with what the bar would show."""
        if self.on_terminal:
            self.write(message, file=sys.stderr)
        else:
            logger.info("%s", f"{message}  {str(self).strip()}".strip())
