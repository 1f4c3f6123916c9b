"""FER2013 as a table: fer2013.csv and icml_face_data.csv, a row an image."""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO

import numpy as np
import pandas as pd

from stages.lib import fer2013
from stages.lib.console import InputError

NUM_PIXELS = fer2013.IMAGE_SIZE**2
ROWS_AT_ONCE = 2048  # bounds the memory that rows take as text
CODES = [str(code) for code in range(len(fer2013.EMOTIONS))]

PAIR_HAS_NO_LABELS = (
    "Kaggle's train.csv/test.csv pair has NO labels for its test half, so it cannot be used. "
    "Set `data.source` in params.yaml to `kaggle`, or to fer2013.csv or icml_face_data.csv, "
    "which have all 35,887 labels."
)


def parse(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the bytes of a CSV file; `name` is what errors call it.

    Returns:
        Pixels (N, 48, 48) uint8, labels (N,) uint8 and usages (N,) of text, in row order.

    Raises:
        InputError: If a column is missing, or a value is none that FER2013 has.
    """
    parts = [
        _arrays(rows, number * ROWS_AT_ONCE + 1, name)
        for number, rows in enumerate(_chunks(content, name))
    ]
    if not parts:
        raise InputError(
            f"{name} is empty: it holds no image. Fetch it again, or take another copy."
        )
    pixels, labels, usages = map(np.concatenate, zip(*parts, strict=True))
    return pixels, labels, usages


def _chunks(content: bytes, name: str) -> Iterator[pd.DataFrame]:
    """Read the table as text, ROWS_AT_ONCE at a time."""
    try:
        with pd.read_csv(
            BytesIO(content),
            dtype=str,
            na_filter=False,
            index_col=False,
            chunksize=ROWS_AT_ONCE,
        ) as chunks:
            for rows in chunks:
                rows.columns = rows.columns.str.strip()  # icml_face_data.csv needs it
                _check_columns(list(rows.columns), name)
                if len(rows):
                    yield rows
    except pd.errors.EmptyDataError:
        return
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(
            f"{name} is not a CSV file that can be read: {error}. Fetch it again, or take "
            "another copy."
        ) from None


def _check_columns(found: list[str], name: str) -> None:
    missing = [column for column in fer2013.COLUMNS if column not in found]
    if "emotion" in missing and "pixels" in found:
        raise InputError(f"{name} has no column `emotion`. {PAIR_HAS_NO_LABELS}")
    if missing:
        raise InputError(
            f"{name} lacks the column {_listed(missing)}: expected {_listed(fer2013.COLUMNS)}, "
            f"got {_listed(found)}. Take another copy: fer2013.csv or icml_face_data.csv has "
            "them all, the train.csv of Kaggle's train.csv/test.csv pair has not."
        )


def _arrays(
    rows: pd.DataFrame, first: int, name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read some rows of the table, `first` being the number of the first one."""
    labels = _one_of(CODES, rows["emotion"], first, name)
    usages = _one_of(fer2013.USAGES, rows["Usage"], first, name)
    pixels = [
        _image(text, f"{name}, image row {number}")
        for number, text in enumerate(rows["pixels"], first)
    ]
    return np.stack(pixels), labels.astype(np.uint8), usages


def _one_of(
    allowed: Sequence[str], column: pd.Series, first: int, name: str
) -> np.ndarray:
    """Return a column's values, if all of them are allowed."""
    values = column.str.strip().to_numpy(dtype=str)
    for row in np.flatnonzero(~np.isin(values, allowed))[:1]:
        raise InputError(
            f"{name}, image row {first + row}: `{column.name}` must be one of "
            f"{', '.join(allowed)}. Got `{values[row]}` instead. Correct the row, or take "
            "another copy."
        )
    return values


def _image(text: str, where: str) -> np.ndarray:
    """Read the pixels of one image, (48, 48) uint8."""
    try:
        values = np.fromstring(text, dtype=np.int64, sep=" ")
    except ValueError:
        words = (word for word in text.split() if not re.fullmatch("[0-9]+", word))
        raise _bad_pixels(where, f"`{next(words, text)[:20]}`") from None
    if len(values) != NUM_PIXELS:
        raise _bad_pixels(where, f"{len(values)} numbers")
    outside = values[(values < 0) | (values > 255)]
    if len(outside):
        raise _bad_pixels(where, f"`{outside[0]}`")
    return values.astype(np.uint8).reshape(fer2013.IMAGE_SIZE, -1)


def _bad_pixels(where: str, found: str) -> InputError:
    return InputError(
        f"{where}: `pixels` must be {NUM_PIXELS} whole numbers from 0 to 255 with spaces "
        f"between. Got {found} instead. Correct the row, or take another copy."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name[:40]}`" for name in names[:10])
