"""FER2013 as published: fer2013.csv or icml_face_data.csv, a row of 48x48 pixels per face.

Source: Goodfellow et al., "Challenges in Representation Learning" (2013, arXiv:1307.0414).
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError, shown
from fer_transfer.core import files
from fer_transfer.data.faces import COLUMNS, IMAGE_SIZE, Faces
from fer_transfer.data.fer2013 import EMOTIONS, NUM_IMAGES
from fer_transfer.readers import csv_files

NAME = "FER2013"
HEADER = ("emotion", "pixels", "usage")  # icml_face_data.csv has them in another order
PARTS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}

KAGGLE_DATASET = "deadskull7/fer2013"  # public: kagglehub needs no login for it
KAGGLE_FILE = "fer2013.csv"
# MD5 of the CSV files as the competition published them.
OFFICIAL_MD5 = {
    "fer2013.csv": "f8428a1edbd21e88f42c73edd2a14f95",
    "icml_face_data.csv": "b114b9e04e6949e5fe8b6a98b3892b1d",
}


def read(path: Path) -> tuple[Faces, np.ndarray]:
    """Read the faces in the order of the file, and their images (N, 48, 48) uint8.

    Raises:
        InputError: If a value is not one that FER2013 has; it names the first such row.
    """
    table = csv_files.read(path, HEADER)
    if table.empty:
        raise InputError(f"{path} holds no face. Fetch it again, or take another copy.")
    _check_among([str(code) for code in range(len(EMOTIONS))], table["emotion"], path)
    _check_among(PARTS, table["usage"], path)
    known = pd.DataFrame("", index=table.index, columns=COLUMNS)
    known["label"] = np.array(EMOTIONS)[table["emotion"].astype(int)]
    known["part"] = table["usage"].map(PARTS)
    pixels = [_image(text, path, row) for row, text in enumerate(table["pixels"], 1)]
    return name_if_fer2013(Faces(path.name, EMOTIONS, known)), np.stack(pixels)


def name_if_fer2013(faces: Faces) -> Faces:
    """Name faces FER2013 if their number and classes match, and rename others called so."""
    if faces.classes == EMOTIONS and len(faces) == NUM_IMAGES:
        return replace(faces, name=NAME)
    return replace(faces, name=f"a folder {NAME}") if faces.name == NAME else faces


def is_official(path: Path) -> bool:
    """Tell whether a file's bytes are those that the competition published."""
    return files.digest(path, "md5") in OFFICIAL_MD5.values()


def _check_among(allowed: Collection[str], column: pd.Series, path: Path) -> None:
    wrong = column.index[~column.isin(list(allowed))]
    if len(wrong):
        raise InputError(
            f"{path}, row {wrong[0] + 1}: `{column.name}` must be one of {', '.join(allowed)}. "
            f"Got {shown(column[wrong[0]])} instead; {len(wrong)} rows have such a value. "
            "Correct them, or take another copy."
        )


def _image(text: str, path: Path, row: int) -> np.ndarray:
    """Read the pixels of one face, (48, 48) uint8."""
    is_numbers = not text.encode().translate(None, b"0123456789 ")
    values = np.fromstring(text if is_numbers else "", dtype=np.int64, sep=" ")
    if len(values) != IMAGE_SIZE**2 or values.max() > 255:
        raise InputError(
            f"{path}, row {row}: `pixels` must be {IMAGE_SIZE**2} whole numbers from 0 to 255 "
            f"with spaces between. Got {shown(text)} instead. Correct it, or take another copy."
        )
    return values.astype(np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
