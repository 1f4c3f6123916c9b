r"""Tables of text as CSV (RFC 4180): file names may hold commas, quotes and line ends.

They are not read with pandas, which takes the person `NA` of JAFFE for a missing value and a
`\r` within quotes for the end of a row.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fer_transfer.console.errors import InputError
from fer_transfer.core import files


def write_rows(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a table whole or not at all."""
    with (
        files.atomic_write(path) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        # Of a cell's characters, csv quotes those that end rows: both must be among them.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(head)
        writer.writerows(rows)


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a table that `write_rows` wrote, each a text by column.

    Raises:
        InputError: If there is no such file, or it is damaged.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                if None in row or None in row.values():
                    raise ValueError("a row has other columns than the first")
                yield row
    except FileNotFoundError:
        raise InputError(
            f"There is no {path}. Run `dvc repro algorithm/dvc.yaml`, which makes it."
        ) from None
    except (csv.Error, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({error}). Remove it and run `dvc repro algorithm/dvc.yaml`."
        ) from None
