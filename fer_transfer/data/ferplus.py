"""FER+: what ten people see in each image of FER2013.

Source: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution" (ICMI 2016, arXiv:1608.01041); the votes, under the MIT
licence, and the rule: https://github.com/microsoft/FERPlus, fer2013new.csv and src/ferplus.py.
"""

import tempfile
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.data import addresses, fer2013, fetch
from fer_transfer.data.votes import NO_MAJORITY, majority

COMMIT = "8ad5426c7b69e86e78afccb42c5f516850f52a28"
URL = f"https://raw.githubusercontent.com/microsoft/FERPlus/{COMMIT}/fer2013new.csv"
HASH = "sha256:9206e20d62f56475939f516847d61753e4860caeac9718b560129541b776fc2c"

# The columns that hold votes; NF: not a face.
NAMES = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
MOST_VOTES = 10  # one image of the 35,887 has nine

# FER2013's labels agree with the majority on 68 %; of rows in another order, with a fifth.
LEAST_AGREEMENT = 0.5


class Images(Protocol):
    """What is known of the images of a copy of FER2013, in its order; (N,) each."""

    @property
    def labels(self) -> np.ndarray: ...
    @property
    def usages(self) -> np.ndarray: ...
    @property
    def rows(self) -> np.ndarray: ...


class Table(NamedTuple):
    """FER+'s file: row by row, the images of fer2013.csv."""

    usages: np.ndarray  # (N,) text
    votes: np.ndarray  # (N, 10) uint8, one column for each of NAMES


def fetch_votes(folder: Path) -> Table:
    """Download FER+'s file, verify and read it; the file itself is not kept in `folder`."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        file = Path(temporary) / addresses.file_name(URL)
        fetch.fetch(URL, HASH, file)
        return read(file)


def votes_on(images: Images, folder: Path) -> pd.DataFrame:
    """Fetch the votes on each image, (N, 10) int64, one column for each of NAMES."""
    table = fetch_votes(folder)
    check_same_images(table, images)
    return pd.DataFrame(table.votes[images.rows].astype(np.int64), columns=list(NAMES))


def read(path: Path) -> Table:
    """Read fer2013new.csv.

    Raises:
        InputError: If it has other columns, or votes that are none.
    """
    columns = ["Usage", *NAMES]
    try:
        table = pd.read_csv(path, usecols=columns, dtype=dict.fromkeys(NAMES, "uint8"))
        votes = table[list(NAMES)].to_numpy()
        if (votes.sum(axis=1) > MOST_VOTES).any():
            raise ValueError(f"an image has more than {MOST_VOTES} votes")
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{path.name} is not FER+'s CSV file: expected the columns {', '.join(columns)} "
            f"with {MOST_VOTES} votes in a row ({' '.join(str(error).split())}). Replace it where it "
            "came from."
        ) from None
    return Table(table["Usage"].to_numpy(str), votes)


def check_same_images(table: Table, images: Images) -> None:
    """Raise an InputError unless FER+'s rows are those of the images, in their order."""
    remedy = "Set `data.ferplus: false` in params.yaml, or `data.source` to the official fer2013.csv."
    rows = images.rows
    if (rows < 0).any():
        raise InputError(
            "FER+ names an image by its row in fer2013.csv, and this copy of FER2013 is no CSV "
            f"file: it has no rows. {remedy}"
        )
    if len(rows) != len(table.votes):
        raise InputError(
            f"FER+ has votes on {len(table.votes)} images, one for each row of fer2013.csv, but "
            f"this copy has {len(rows)}. {remedy}"
        )
    strangers = np.flatnonzero(table.usages[rows] != images.usages)
    if len(strangers):
        first = strangers[0]
        raise InputError(
            f"Row {rows[first]} of this copy of FER2013 belongs to {images.usages[first]}, "
            f"that of FER+ to {table.usages[rows][first]}: the copy has another order. {remedy}"
        )
    labels = majority(pd.DataFrame(table.votes, columns=list(NAMES)), fer2013.EMOTIONS)[
        rows
    ]
    known = labels != NO_MAJORITY
    share = float(np.mean(labels[known] == images.labels[known])) if known.any() else 0
    if share < LEAST_AGREEMENT:
        raise InputError(
            f"Only {share:.0%} of this copy's labels are those of FER+'s majority, where 68% of "
            f"FER2013's are: the copy has another order within its sets. {remedy}"
        )
