"""FER2013 as a CSV file: fer2013.csv and icml_face_data.csv, one row per image."""

import csv
import hashlib
from collections.abc import Collection, Iterator
from itertools import count
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.data import fer2013

NUM_PIXELS = fer2013.IMAGE_SIZE**2
CODES = {str(code): code for code in range(len(fer2013.EMOTIONS))}

# More than FER2013 has, by far: what is longer is refused before it fills the memory.
LONGEST_LINE = 1 << 16  # bytes; a row of FER2013 has some 9,000
MOST_LINES = 200_000  # FER2013 has 35,888

PAIR_HAS_NO_LABELS = (
    "Kaggle's train.csv/test.csv pair has NO labels for its test half, so it cannot be used. "
    "Set `data.source` in params.yaml to `kaggle`, or to fer2013.csv or icml_face_data.csv, "
    "which have all 35,887 labels."
)
REMEDY = "Correct it, or take another copy."


class Table(NamedTuple):
    """The images of a CSV file, in its order."""

    pixels: np.ndarray  # (N, 48, 48) uint8
    labels: np.ndarray  # (N,) uint8, positions in EMOTIONS
    usages: np.ndarray  # (N,) text
    md5: str  # of the file's bytes


def parse(stream: BinaryIO, name: str) -> Table:
    """Read a CSV file, a line at a time; `name` is what errors call it.

    Raises:
        InputError: If a column is missing, or a value is none that FER2013 has.
    """
    md5 = hashlib.md5()
    rows = [
        (pixels, label, usage)
        for pixels, label, usage in _rows(_lines(stream, name, md5), name)
    ]
    if not rows:
        raise InputError(
            f"{name} is empty: it holds no image. Fetch it again, or take another copy."
        )
    pixels, labels, usages = zip(*rows, strict=True)
    return Table(
        np.stack(pixels),
        np.array(labels, dtype=np.uint8),
        np.array(usages),
        md5.hexdigest(),
    )


def _lines(stream: BinaryIO, name: str, md5: Any) -> Iterator[str]:
    """Read the lines of a text file, and hash its bytes as they pass."""
    for number in count(1):
        line = stream.readline(LONGEST_LINE + 1)
        if not line:
            return
        md5.update(line)
        where = f"{name}, line {number}"
        if len(line) > LONGEST_LINE:
            raise InputError(
                f"{where} is longer than {LONGEST_LINE:,} bytes, and a row of {NUM_PIXELS} pixels "
                f"has some 9,000. It is not FER2013's CSV file, or its line ends are lost. {REMEDY}"
            )
        if number > MOST_LINES:
            raise InputError(
                f"{name} has more than {MOST_LINES:,} lines, and FER2013 has 35,888. Take "
                "another copy."
            )
        yield _text(line, number, where)


def _text(line: bytes, number: int, where: str) -> str:
    if b"\0" in line:
        raise InputError(
            f"{where} holds bytes that are zero, which no text has: the file is damaged, or "
            "not in UTF-8. Fetch it again, or take another copy."
        )
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not a CSV file that can be read: its bytes are no text in UTF-8 "
            f"({error.reason} at byte {error.start}). Fetch it again, or take another copy."
        ) from None


def _rows(lines: Iterator[str], name: str) -> Iterator[tuple[np.ndarray, int, str]]:
    """Read each row's pixels, label and usage."""
    reader = csv.reader(lines, strict=True)
    columns: list[str] = []
    try:
        for row in reader:
            where = f"{name}, line {reader.line_num}"
            if not row or (not columns and _is_excels(row)):  # an empty line, a mark
                continue
            if not columns:
                columns = [column.strip() for column in row]
                _check_columns(columns, name)
                continue
            if len(row) != len(columns):
                raise InputError(
                    f"{where}: a row must have {len(columns)} values, one per column. Got "
                    f"{len(row)} instead. {REMEDY}"
                )
            values = dict(zip(columns, row, strict=True))
            label = _one_of(CODES, values["emotion"], f"{where}: `emotion`")
            usage = _one_of(fer2013.USAGES, values["Usage"], f"{where}: `Usage`")
            yield _image(values["pixels"], where), CODES[label], usage
    except csv.Error as error:
        raise InputError(
            f"{name}, line {reader.line_num} is not a row of a CSV file: {error}. A quote may be "
            f"missing, or a line end. {REMEDY}"
        ) from None


def _is_excels(row: list[str]) -> bool:
    """Say whether a first line is Excel's mark of the separator, `sep=,`."""
    return row[0].lower().startswith("sep=") and not any(row[1:])


def _check_columns(found: list[str], name: str) -> None:
    missing = [column for column in fer2013.COLUMNS if column not in found]
    if found == ["pixels"]:
        raise InputError(f"{name} has no column `emotion`. {PAIR_HAS_NO_LABELS}")
    if missing:
        separated = next((sign for sign in ";\t|" if sign in found[0]), None)
        hint = (
            f" Its values seem to be separated by {separated!r}: save it with commas."
        )
        raise InputError(
            f"{name} lacks the column {_listed(missing)}: expected {_listed(fer2013.COLUMNS)}, "
            f"got {_listed(found)}.{hint if separated and len(found) == 1 else ''} Rename its "
            "columns if they hold the same; or take another copy: fer2013.csv or "
            "icml_face_data.csv has them all, the train.csv of Kaggle's train.csv/test.csv pair "
            "has not."
        )
    doubled = [column for column in fer2013.COLUMNS if found.count(column) > 1]
    if doubled:
        raise InputError(
            f"{name} has the column {_listed(doubled)} more than once, and nothing says which "
            f"one counts: got {_listed(found)}. Remove one, or take another copy."
        )


def _one_of(allowed: Collection[str], value: str, where: str) -> str:
    """Return a value without the spaces around it, if it is allowed."""
    if value.strip() not in allowed:
        raise InputError(
            f"{where} must be one of {', '.join(allowed)}. Got {_short(value)} instead. {REMEDY}"
        )
    return value.strip()


def _image(text: str, where: str) -> np.ndarray:
    """Read the pixels of one image, (48, 48) uint8."""
    if text.encode().translate(None, b"0123456789 "):
        word = next(word for word in text.split(" ") if word.strip("0123456789"))
        raise _bad_pixels(where, _short(word))
    values = np.fromstring(text, dtype=np.int64, sep=" ")
    if len(values) != NUM_PIXELS:
        raise _bad_pixels(where, f"{len(values)} numbers")
    if values.max() > 255:
        raise _bad_pixels(where, f"`{values.max()}`")
    return values.astype(np.uint8).reshape(fer2013.IMAGE_SIZE, -1)


def _bad_pixels(where: str, found: str) -> InputError:
    return InputError(
        f"{where}: `pixels` must be {NUM_PIXELS} whole numbers from 0 to 255 with spaces "
        f"between. Got {found} instead. {REMEDY}"
    )


def _listed(names: Collection[str]) -> str:
    return ", ".join([_short(name) for name in names][:10])


def _short(value: str) -> str:
    shown = repr(value[:40])[1:-1] + ("..." if len(value) > 40 else "")
    return f"`{shown}`"
