"""CSV files as tables of text, read strictly: nothing is guessed or left out.

A row may lack its last values, which are empty then.
"""

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fer_transfer.console.errors import InputError, shown

SEPARATORS = ",;\t"
LONGEST_HEADER = 4096  # characters
TEXT: Any = {"header": 0, "index_col": False, "dtype": str, "na_filter": False}
TEXT["skipinitialspace"] = True  # `a.png, "happy"`


def header(path: Path) -> tuple[str, list[str]]:
    """Return the separator and the column names, in lower case, of a CSV file's first line.

    That of a file in UTF-16 is read too, so that `read` can refuse the file and say why.
    """
    with path.open("rb") as file:
        is_utf16 = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    encoding = "utf-16" if is_utf16 else "utf-8-sig"
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        line = file.readline(LONGEST_HEADER)
    separator = max(SEPARATORS, key=line.count)
    fields = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return separator, [field.strip().lower() for field in fields]


def read(path: Path, required: Sequence[str]) -> pd.DataFrame:
    """Read a CSV file as text; column names are in lower case, cells without spaces around them.

    Args:
        path: A file in UTF-8, separated by commas, semicolons or tabs.
        required: The columns that must be there, in lower case.

    Raises:
        InputError: If a column is missing or there twice, or the file is not such a CSV file.
    """
    sep, columns = header(path)
    missing = [name for name in required if name not in columns]
    if missing:
        raise InputError(
            f"{path} lacks the column {', '.join(missing)}: expected {', '.join(required)} in "
            f"its first line, got {shown(', '.join(columns))}. Add or rename it."
        )
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            table: pd.DataFrame = pd.read_csv(path, sep=sep, names=columns, **TEXT)
    except (ValueError, pd.errors.ParserWarning) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path} is not a CSV file in UTF-8 with different column names and at most "
            f"{len(columns)} values per row ({reason}). Correct it (empty columns can be deleted), "
            "or save it again as CSV UTF-8 (in Excel: Save As)."
        ) from None
    return table.map(str.strip)
