"""FER+: ten people's votes on each face of FER2013, as the votes of the data set.

Source: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution" (ICMI 2016, arXiv:1608.01041); the votes, under the MIT
licence: https://github.com/microsoft/FERPlus, fer2013new.csv.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.data.faces import Faces
from fer_transfer.data.votes import NO_MAJORITY, majority
from fer_transfer.fetching import addresses, fetch
from fer_transfer.readers import csv_files
from fer_transfer.readers.fer2013_csv import PARTS

COMMIT = "8ad5426c7b69e86e78afccb42c5f516850f52a28"
URL = f"https://raw.githubusercontent.com/microsoft/FERPlus/{COMMIT}/fer2013new.csv"
HASH = "sha256:9206e20d62f56475939f516847d61753e4860caeac9718b560129541b776fc2c"
# The columns that hold votes; NF: not a face.
NAMES = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"]
NAMES += ["contempt", "unknown", "NF"]
MOST_VOTES = 10  # one face of the 35,887 has nine
# FER2013's labels agree with the majority on 68%; of rows in another order, with a fifth.
LEAST_AGREEMENT = 0.5
OTHER_FACES = (
    "FER+ identifies a face by its row in fer2013.csv, which does not fit this data: {}. Set "
    "`data.ferplus: false` in params.yaml, or `data.source` to the official fer2013.csv."
)


def fetch_votes(faces: Faces) -> pd.DataFrame:
    """Fetch the votes on the rows of fer2013.csv, (N, 10) int64, a column for each of NAMES.

    Raises:
        InputError: If FER+'s file cannot be had, or its rows are not those of the faces.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / addresses.file_name(URL)
        fetch.fetch(URL, HASH, file)
        votes, parts = read(file)
    _check_same_faces(votes, parts, faces)
    return votes


def read(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Read fer2013new.csv: the votes on each face, (N, 10) int64, and its part.

    Raises:
        InputError: If it has other columns, or values that are not votes.
    """
    columns = [name.lower() for name in NAMES]
    table = csv_files.read(path, ["usage", *columns])
    votes = table[columns].set_axis(NAMES, axis=1)
    is_number = votes.apply(lambda column: column.str.fullmatch(r"\d{1,2}"))
    if not is_number.all(axis=None) or votes.astype(int).sum(axis=1).max() > MOST_VOTES:
        raise InputError(
            f"{path.name} is not FER+'s CSV file: expected at most {MOST_VOTES} votes per face. "
            "Download it again, or replace it in FER_MIRROR."
        )
    return votes.astype(np.int64), table["usage"].map(PARTS)


def _check_same_faces(votes: pd.DataFrame, parts: pd.Series, faces: Faces) -> None:
    """Raise an InputError unless FER+'s rows are those of the faces, in their order."""
    if parts.tolist() != faces.table["part"].tolist():
        difference = (
            f"{len(votes)} faces have votes, and this copy has {len(faces)}, or has the sets in "
            "another order"
        )
        raise InputError(OTHER_FACES.format(difference))
    labels = majority(votes, faces.classes)
    known = labels != NO_MAJORITY
    share = float(np.mean(labels[known] == faces.labels[known])) if known.any() else 0
    if share < LEAST_AGREEMENT:
        difference = f"{share:.0%} of labels agree with the majority (FER2013: 68%)"
        raise InputError(OTHER_FACES.format(difference))
