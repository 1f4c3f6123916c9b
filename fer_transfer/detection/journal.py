"""What an unfinished run has done, a record per input; the next run goes on from there.

A record names what the numbers depend on. Each is committed by itself, so a kill loses at most
the one that is being written, and none is kept in memory.
"""

import errno
import json
import logging
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fer_transfer.console.errors import InputError

logger = logging.getLogger(__name__)

NAME = ".journal.sqlite"
SETUP = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # a power cut may lose the last records, a kill none
    "CREATE TABLE IF NOT EXISTS records (file TEXT PRIMARY KEY, content TEXT)",
)
OF_ALL = ""  # in place of a file: the record of what the numbers depend on


class Journal(AbstractContextManager["Journal"]):
    """The records of a run in the making."""

    def __init__(self, folder: Path, key: str, irreplaceable: str = "") -> None:
        """Resume the journal in the folder if its key matches, else start a new one.

        Args:
            folder: Where the journal lies.
            key: What the numbers depend on.
            irreplaceable: SQL LIKE pattern of the records that must not be lost.

        Raises:
            InputError: If the journal cannot be opened, or if starting anew would lose such records.
        """
        try:
            self.database = sqlite3.connect(folder / NAME, 0, isolation_level=None)
            for statement in SETUP:
                self.database.execute(statement)
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{folder / NAME} cannot be opened ({error}). If another run uses it, wait until "
                "that ends; else remove the file."
            ) from None
        if self.find(OF_ALL) != {"key": key}:
            query = "SELECT COUNT(*) FROM records WHERE content LIKE ?"
            [(number,)] = self.database.execute(query, [irreplaceable])
            if number:
                self.database.close()
                raise InputError(
                    f"{folder} holds {number} frames of a recording that was stopped. Repeat its "
                    f"command to finish it, or remove {folder} to discard it."
                )
            self.database.execute("DELETE FROM records")
            self._write(OF_ALL, {"key": key})
        [(count,)] = self.database.execute("SELECT COUNT(*) FROM records")
        self.num_found = count - 1
        if self.num_found:
            logger.info("Resuming: %d records of an earlier run.", self.num_found)

    def find(self, file: str) -> dict[str, Any] | None:
        """Return what is recorded of a file, or None."""
        query = "SELECT content FROM records WHERE file = ?"
        row = self.database.execute(query, [file]).fetchone()
        return dict(json.loads(row[0])) if row else None

    def add(self, record: dict[str, Any]) -> None:
        self._write(record["file"], record)

    def _write(self, file: str, content: dict[str, Any]) -> None:
        row = file, json.dumps(content)
        try:
            self.database.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", row)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise OSError(errno.ENOSPC, str(error), NAME) from None

    def __exit__(self, *_: object) -> None:
        self.database.close()
