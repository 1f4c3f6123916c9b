"""Where a long run is: a bar on a terminal, plain lines now and then in a pipe or in CI."""

import logging
import sys
import time
from contextlib import AbstractContextManager

from tqdm import tqdm

logger = logging.getLogger(__name__)

LINE_SECONDS = 60


class Progress(AbstractContextManager["Progress"]):
    """Count what is done of a total, if it is known; show the rate and the time that is left."""

    def __init__(self, total: int | None, unit: str, done: int = 0) -> None:
        """Begin, with what an earlier run has done."""
        self.total, self.unit, self.first, self.done = total, unit, done, done
        self.bar = tqdm(
            total=total, unit=unit, initial=done, disable=None, dynamic_ncols=True
        )
        self.started = self.said = time.monotonic()

    def update(self, number: int) -> None:
        """Count `number` more."""
        self.done += number
        self.bar.update(number)
        if self.bar.disable and time.monotonic() - self.said > LINE_SECONDS:
            self.say("")

    def say(self, what: str) -> None:
        """Leave a line that stays, above the bar or with what the bar would show."""
        if not self.bar.disable:
            self.bar.write(what, file=sys.stderr)
            return
        meter = tqdm.format_meter(
            self.done,
            self.total or 0,
            time.monotonic() - self.started,
            ncols=0,
            unit=self.unit,
            initial=self.first,
        )
        logger.info("%s", f"{what}  {meter.strip()}".strip())
        self.said = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.bar.close()
