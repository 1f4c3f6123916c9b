"""Read and write the files that stages hand to each other; a file appears whole or not at all.

The same values give the same bytes, so that DVC's hashes agree between runs and colleagues.
"""

import hashlib
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from fer_transfer.console import integrity
from fer_transfer.console.errors import InputError

# What reading a file raises that is not what its name says, or no longer.
DAMAGE = (ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once the block succeeds.

    A reader, or a run that was cut off, sees the old file or the new one, never a part. Nothing
    takes its place if the stage's code, settings or inputs have changed since it began.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        integrity.check()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file's bytes."""
    with atomic_write(path) as part:
        part.write_bytes(content)


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays, uncompressed."""
    with atomic_write(path) as part, part.open("w+b") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes the names for allow_pickle
        _unify_zip_headers(file)


def _unify_zip_headers(file: BinaryIO) -> None:
    """Write headers that Python's patch releases set differently as 3.11.4 and later do.

    Before, a member's header that reserves room for 64-bit sizes said version 2.0 and gave its
    sizes in 32 bits; since, it says 4.5 and refers to the room (python/cpython#103861).
    """
    version, elsewhere = struct.pack("<H", 45), b"\xff" * 8
    with zipfile.ZipFile(file) as archive:
        headers, entry = archive.infolist(), archive.start_dir
    for header in headers:
        file.seek(header.header_offset + 4)
        file.write(version)
        file.seek(header.header_offset + 18)
        file.write(elsewhere)
        file.seek(entry + 4)
        file.write(version[:1])
        file.seek(entry + 6)
        file.write(version)
        entry += 46 + len(header.orig_filename.encode()) + len(header.extra)


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read every array of an npz file into memory; nothing in it is unpickled."""
    with (
        _damage_explained(path),
        path.open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        return dict(arrays)


def write_npy(path: Path, array: np.ndarray) -> None:
    """Write one array; unlike npz, the same bytes with every version of Python."""
    with atomic_write(path) as part, part.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def read_npy(path: Path) -> np.ndarray:
    """Read an array as a memory map; nothing in it is unpickled."""
    with _damage_explained(path):
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def write_json(path: Path, values: Any) -> None:
    """Write JSON with the keys in the order given, six significant digits and a last newline."""
    text = json.dumps(_rounded(values), indent=2, allow_nan=False) + "\n"
    write_bytes(path, text.encode())


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    with _damage_explained(path):
        return json.loads(path.read_text(encoding="utf-8"))


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table without its index; floats keep nine digits, which is all float32 has."""
    with atomic_write(path) as part:
        table.to_csv(part, index=False, float_format="%.9g", lineterminator="\n")


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table."""
    with _damage_explained(path):
        return pd.read_csv(path)


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a table of text: an empty cell is empty text, and `NA` may be somebody's name."""
    with _damage_explained(path):
        return pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False)


def write_codes(path: Path, codes: np.ndarray) -> None:
    """Write codes below ten (n,) as digits, a hundred to a line."""
    digits = "".join(map(str, codes.tolist()))
    lines = [digits[start : start + 100] for start in range(0, len(digits), 100)]
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def read_codes(path: Path) -> np.ndarray:
    """Read codes as `write_codes` wrote them, (n,) uint8."""
    with _damage_explained(path):
        digits = "".join(path.read_text(encoding="utf-8").split())
        return np.array([int(digit) for digit in digits], dtype=np.uint8)


def digest(path: Path, algorithm: str) -> str:
    """Return a file's hash, `algorithm` being `md5` or `sha256`, as lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@contextmanager
def _damage_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        why = " ".join(str(error).split())
        raise InputError(
            f"{path} is damaged, or not what the pipeline writes ({why}). Remove it and run "
            "`dvc repro`, which restores it or makes it again."
        ) from None


def _rounded(values: Any) -> Any:
    """Round floats to six significant digits: what lies below is noise in a diff."""
    if isinstance(values, dict):
        return {key: _rounded(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [_rounded(value) for value in values]
    if isinstance(values, float):
        return float(f"{values:.6g}")
    return values
