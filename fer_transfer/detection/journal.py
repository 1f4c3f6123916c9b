"""What an unfinished run has done, a line per input; the next run goes on from there.

The first line names what the numbers depend on. A line is written at once and whole; what a
kill cut short at the end is dropped. Only where each line starts is kept in memory.
"""

import fcntl
import json
import logging
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fer_transfer.console.errors import InputError

logger = logging.getLogger(__name__)

NAME = ".journal.jsonl"


class Journal(AbstractContextManager["Journal"]):
    """The records of a run in the making."""

    def __init__(self, folder: Path, key: str) -> None:
        """Go on with the journal in the folder if it has the key, else start anew."""
        self.file = (folder / NAME).open("a+b")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.close()
            raise InputError(
                f"Another run writes into {folder}. Wait for it, or give another --out."
            ) from None
        self.starts: dict[str, int] = {}
        if not self._read(key):
            self.file.truncate(0)
            self._append({"key": key})

    def _read(self, key: str) -> bool:
        """Find where each record starts; cut off what is no whole line at the end."""
        self.file.seek(0)
        if _parsed(self.file.readline()) != {"key": key}:
            return False
        start = self.file.tell()
        for line in iter(self.file.readline, b""):
            values = _parsed(line)
            if values is None:
                self.file.truncate(start)
                break
            self.starts[values["file"]] = start
            start += len(line)
        if number := len(self.starts):
            logger.info("Going on after %d inputs of an unfinished run.", number)
        return True

    def find(self, file: str) -> dict[str, Any] | None:
        """Return what is recorded of a file, or None."""
        if file not in self.starts:
            return None
        self.file.seek(self.starts[file])
        return _parsed(self.file.readline())

    def add(self, record: dict[str, Any]) -> None:
        self.starts[record["file"]] = self._append(record)

    def _append(self, values: dict[str, Any]) -> int:
        start = self.file.seek(0, os.SEEK_END)
        self.file.write(json.dumps(values).encode() + b"\n")
        self.file.flush()
        return start

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return the values of a whole line; None for one that a kill cut short."""
    try:
        values: dict[str, Any] | None = json.loads(line) if line[-1:] == b"\n" else None
    except ValueError:
        return None
    return values
