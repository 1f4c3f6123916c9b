"""Files that hold data but are no form of FER2013 that is read: told by content, never opened."""

from pathlib import PurePosixPath
from typing import NamedTuple

from fer_transfer.console.errors import InputError


class Kind(NamedTuple):
    """One kind of file: how it begins, how its name may end, and what to give instead."""

    title: str
    starts: tuple[bytes, ...]
    suffixes: tuple[str, ...]
    remedy: str


AS_TABLE = "Write its columns emotion, pixels and Usage into a CSV file"
UNPACK = "Unpack it and give the folder, or pack it as .zip or .tar.gz"
AS_IMAGES = "Give fer2013.csv or image folders, from which it was made"

KINDS = (
    Kind("a Parquet table", (b"PAR1",), (".parquet", ".pq"), AS_TABLE),
    Kind("an Arrow table", (b"ARROW1",), (".arrow", ".feather"), AS_TABLE),
    Kind("an Excel file", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), (".xls", ".xlsx"), AS_TABLE),
    Kind("a SQLite database", (b"SQLite format 3\0",), (".sqlite", ".db"), AS_TABLE),
    Kind("a NumPy array", (b"\x93NUMPY",), (".npy", ".npz"), AS_IMAGES),
    Kind("an HDF5 file", (b"\x89HDF\r\n\x1a\n",), (".h5", ".hdf5"), AS_IMAGES),
    Kind("a MATLAB file", (b"MATLAB 5.0",), (".mat",), AS_IMAGES),
    Kind("a TFRecord file", (), (".tfrecord", ".tfrecords"), AS_IMAGES),
    Kind(
        "a pickle, which could run any program when it is read",
        tuple(bytes([0x80, protocol]) for protocol in range(2, 6)),
        (".pkl", ".pickle", ".pt", ".pth", ".joblib"),
        AS_IMAGES,
    ),
    Kind("a 7-Zip archive", (b"7z\xbc\xaf\x27\x1c",), (".7z",), UNPACK),
    Kind("a RAR archive", (b"Rar!\x1a\x07",), (".rar",), UNPACK),
    Kind("a Zstandard file", (b"\x28\xb5\x2f\xfd",), (".zst", ".tzst"), UNPACK),
    Kind("an LZ4 file", (b"\x04\x22\x4d\x18",), (".lz4",), UNPACK),
)  # fmt: skip
SUFFIXES = {suffix for kind in KINDS for suffix in kind.suffixes}


def check(name: PurePosixPath, start: bytes, where: str) -> None:
    """Raise an InputError if a file begins, or is called, like one of these kinds.

    Content comes first, as a name may have been changed.
    """
    by_content = (
        kind for kind in KINDS if kind.starts and start.startswith(kind.starts)
    )
    by_name = (kind for kind in KINDS if name.suffix.lower() in kind.suffixes)
    found = next(by_content, None) or next(by_name, None)
    if found:
        raise InputError(
            f"{where} is {found.title}, which is not read. Expected fer2013.csv or "
            "icml_face_data.csv (plain, .gz, .xz, .bz2, .zip or .tar), or train/ and test/ with a "
            f"folder per emotion (as they are, or in a .zip or .tar). {found.remedy}, and set "
            "`data.source` in params.yaml to that."
        )
