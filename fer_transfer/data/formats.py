"""Recognise the format of a copy of FER2013, and read it."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from fer_transfer.console.errors import InputError
from fer_transfer.data import archives, csv_files, fer2013, foreign, image_folders

logger = logging.getLogger(__name__)


class Images(NamedTuple):
    """All images of a copy of FER2013, in its own order."""

    pixels: np.ndarray  # (N, 48, 48) uint8
    labels: np.ndarray  # (N,) uint8, positions in EMOTIONS
    usages: np.ndarray  # (N,) text: Training, ... or the names of the folders
    rows: np.ndarray  # (N,) int64, of the CSV file, from 0; -1 where there was none
    official: bool  # the bytes of the CSV are those that the competition published
    num_converted: int  # images in colour or of another size that were changed


# The competition's own archive, which lies in its folder beside tables that lack labels.
PACKED = re.compile(r"fer2013(\.csv)?\.(tar(\.\w+)?|tgz|zip|gz|xz|bz2)", re.IGNORECASE)


def read(path: Path, *, convert: bool = False, numbering: str = "none") -> Images:
    """Read a file, archive or folder in any known format.

    Args:
        path: What was downloaded.
        convert: Whether images in colour become grey and others 48x48, or are an error.
        numbering: What class folders that go by number mean (`data.numbering`).

    Raises:
        InputError: If the format is not known, or a value is none that FER2013 has.
    """
    names = [member.name for member in archives.members(path)]
    if not names:
        raise InputError(
            f"{path} is empty: it holds no file. Fetch it again, or set `data.source` in "
            "params.yaml to another copy."
        )
    if packed := _packed_among(names, path):
        logger.info("Reading %s, which lies in %s.", packed.name, path)
        return read(packed, convert=convert, numbering=numbering)
    table = _table_among(names, path)
    if table is None:
        logger.info("Reading the images of %s.", path)
        found = image_folders.parse(
            archives.members(path), str(path), convert=convert, numbering=numbering
        )
        pixels, labels, usages, num_converted = found
        rows = np.full(len(labels), -1)
        return Images(pixels, labels, usages, rows, False, num_converted)
    where = str(path) if len(names) == 1 else f"{path}: {table}"
    logger.info("Reading the CSV file %s.", where)
    pixels, labels, usages, md5 = _parsed(path, table, where)
    official = md5 in fer2013.OFFICIAL_MD5.values()
    rows = np.arange(len(labels))
    return Images(pixels, labels, usages, rows, official, num_converted=0)


def _parsed(path: Path, table: PurePosixPath, where: str) -> csv_files.Table:
    found = archives.members(path)
    member = next(member for member in found if member.name == table)
    with member.open() as stream:
        foreign.check(table, stream.peek(16), where)
        return csv_files.parse(stream, where)


def _packed_among(names: Sequence[PurePosixPath], path: Path) -> Path | None:
    """Return the archive of the whole table that lies in a folder without the table itself."""
    if _known_tables(names) or _has_images(names):
        return None
    packed = [name for name in names if PACKED.fullmatch(name.name)]
    if not packed:
        return None
    first = min(packed, key=lambda name: len(name.parts))
    if path.is_dir():
        return path / first
    raise InputError(
        f"{path} holds {first}, an archive inside an archive, which is not opened. Unpack "
        f"{path.name}, and set `data.source` in params.yaml to the {first.name} in it."
    )


def _known_tables(names: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    return [name for name in names if name.name.lower() in fer2013.OFFICIAL_MD5]


def _has_images(names: Sequence[PurePosixPath]) -> bool:
    return any(map(image_folders.is_image, names))


def _table_among(names: Sequence[PurePosixPath], path: Path) -> PurePosixPath | None:
    """Choose the CSV file to read; None if the images are files of their own."""
    if known := _known_tables(names):
        # fer2013.csv before icml_face_data.csv, and the one that is not in a subfolder.
        return min(known, key=lambda name: (name.name.lower(), len(name.parts)))
    if _has_images(names):
        return None
    csvs = [name for name in names if name.suffix.lower() == ".csv"]
    if {"train.csv", "test.csv"} <= {name.name.lower() for name in csvs}:
        raise InputError(f"{path}: {csv_files.PAIR_HAS_NO_LABELS}")
    only = csvs if csvs else names
    if len(only) == 1:
        return only[0]  # under another name; its columns tell whether it is FER2013
    foreign.check(PurePosixPath(path.name), b"", str(path))  # such as .xlsx, a zip file
    for name in names:
        foreign.check(name, b"", f"{path}: {name}")
    raise InputError(
        f"{path} holds no known format of FER2013: expected fer2013.csv, icml_face_data.csv, or "
        f"train/ and test/ with a folder per emotion. Found {', '.join(map(str, names[:5]))}"
        f"{', ...' if len(names) > 5 else ''}. Set `data.source` in params.yaml to a copy that "
        "has one."
    )
