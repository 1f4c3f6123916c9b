"""CSV files as tables of text, read strictly: nothing is guessed, filled in or left out."""

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fer_transfer.console.errors import InputError, shown

SEPARATORS = ",;\t"
LONGEST_HEADER = 4096  # characters
NOT_CSV = {
    b"PK\x03\x04": "an Excel file or an archive",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


def header(path: Path) -> list[str]:
    """Return the column names of a CSV file in lower case; empty if its first line names none."""
    return _split_header(path)[1]


def read(path: Path, required: Sequence[str]) -> pd.DataFrame:
    """Read a CSV file as text; column names are in lower case, cells without spaces around them.

    Args:
        path: A file in UTF-8, separated by commas, semicolons or tabs.
        required: The columns that must be there, in lower case.

    Raises:
        InputError: If a column is missing or there twice, or the file is not such a CSV file.
    """
    _check_kind(path)
    separator, columns = _split_header(path)
    _check_columns(path, columns, required)
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            table = pd.read_csv(
                path,
                sep=separator,
                names=columns,
                header=0,
                index_col=False,
                dtype=str,
                na_filter=False,
                encoding="utf-8-sig",
            )
    except (ValueError, pd.errors.ParserWarning) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path} is not a CSV file in UTF-8 with {len(columns)} values in each row "
            f"({reason}). Correct it, or save it again as CSV UTF-8."
        ) from None
    for name in table:
        table[name] = table[name].str.strip()
    return table


def _split_header(path: Path) -> tuple[str, list[str]]:
    """Return the separator that gives most columns, and the columns."""
    with path.open("rb") as file:
        is_utf16 = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    encoding = "utf-16" if is_utf16 else "utf-8-sig"
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        line = file.readline(LONGEST_HEADER)
    names = {separator: _names(line, separator) for separator in SEPARATORS}
    separator = max(names, key=lambda one: len(names[one]))
    return separator, names[separator]


def _names(line: str, separator: str) -> list[str]:
    fields = next(csv.reader([line], delimiter=separator), [])
    return [field.strip().lower() for field in fields]


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    for beginning, kind in NOT_CSV.items():
        if start.startswith(beginning):
            raise InputError(
                f"{path} is {kind}, expected a CSV file in UTF-8. Save it as CSV UTF-8 "
                "(in Excel: Save As, CSV UTF-8)."
            )


def _check_columns(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in columns]
    if missing:
        raise InputError(
            f"{path} lacks the column {', '.join(missing)}: expected {', '.join(required)} in "
            f"its first line, got {shown(', '.join(columns))}. Add or rename it."
        )
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        raise InputError(
            f"{path} has the column {', '.join(doubled)} more than once. Remove one of them."
        )
