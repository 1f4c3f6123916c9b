"""A set of labelled faces as one value, whoever it comes from: what every later stage reads.

    data/faces/images.npy    (N, 48, 48) uint8, grey
    data/faces/faces.csv     a row per face: label, person, part, file, left, top, width, height
    data/faces/classes.json  the name of the data and its classes, in order
    data/faces/votes.csv     a row per face and a column per class of the votes; no row where the
                             data come without votes

They are separate files, so that a stage depends on what it reads alone: features on the images,
training on labels.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.core import files

FOLDER = Path("data/faces")
IMAGE_SIZE = 48  # pixels, both ways
PARTS = ("train", "val", "test")
COLUMNS = ("label", "person", "part", "file", "left", "top", "width", "height")
NO_VOTES = "none"  # the only column of votes.csv where there are no votes


@dataclass(frozen=True)
class Faces:
    """What is known of each face, apart from its pixels.

    Attributes:
        name: What the data are called, such as FER2013.
        classes: The names of the classes; a label's code is its position here.
        table: (N,) rows with COLUMNS, all text. `person` is empty where nobody is named, `part`
            one of PARTS or empty where the data come without sets; the box is in pixels of
            `file`, and empty where the file shows nothing but the face.
        votes: (N, K) int64, how many people chose each class of the votes; a column's name is
            its class, and these need not be `classes`. None where there are no votes.
    """

    name: str
    classes: tuple[str, ...]
    table: pd.DataFrame
    votes: pd.DataFrame | None = field(default=None)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.table["label"]) - set(self.classes))
        if unknown:
            raise ValueError(
                f"labels {unknown} are not among the classes {self.classes}"
            )
        if not set(self.table["part"]) <= {*PARTS, ""}:
            raise ValueError(f"parts must be {PARTS} or empty")
        if self.votes is not None and len(self.votes) != len(self.table):
            raise ValueError(
                f"{len(self.votes)} rows of votes for {len(self.table)} faces"
            )

    def __len__(self) -> int:
        return len(self.table)

    @property
    def labels(self) -> np.ndarray:
        """The code of each face's class, (N,) uint8."""
        codes = pd.Categorical(self.table["label"], categories=self.classes).codes
        return np.asarray(codes, dtype=np.uint8)

    @property
    def required_votes(self) -> pd.DataFrame:
        """The votes, of data that must come with some."""
        if self.votes is None:
            raise ValueError(f"{self.name} was read without votes")
        return self.votes

    def column(self, name: str) -> np.ndarray:
        """Return a column of the table, (N,) str."""
        return self.table[name].to_numpy(dtype=str)

    def count(self, labels: np.ndarray) -> dict[str, int]:
        """Count labels, in all and by class."""
        numbers = np.bincount(labels, minlength=len(self.classes)).tolist()
        return {"total": len(labels), **dict(zip(self.classes, numbers, strict=True))}


def write(faces: Faces, images: np.ndarray, folder: Path = FOLDER) -> None:
    """Write a set of faces; `images` are (N, 48, 48) uint8."""
    expected = (len(faces), IMAGE_SIZE, IMAGE_SIZE)
    if images.shape != expected or images.dtype != np.uint8:
        raise ValueError(
            f"expected {expected} uint8, got {images.shape} {images.dtype}"
        )
    files.write_npy(folder / "images.npy", images)
    files.write_csv(folder / "faces.csv", faces.table[list(COLUMNS)])
    votes = pd.DataFrame(columns=[NO_VOTES]) if faces.votes is None else faces.votes
    files.write_csv(folder / "votes.csv", votes)
    files.write_json(
        folder / "classes.json", {"name": faces.name, "classes": list(faces.classes)}
    )


def read(folder: Path = FOLDER, *, votes: bool = False) -> Faces:
    """Read what is known of each face; `votes` says whether to read them too.

    Raises:
        InputError: If a file is missing or damaged.
    """
    described = files.read_json(_existing(folder / "classes.json"))
    table = files.read_text_table(_existing(folder / "faces.csv"))
    counts = files.read_csv(_existing(folder / "votes.csv")) if votes else None
    if counts is not None and list(counts) == [NO_VOTES]:
        counts = None
    return Faces(described["name"], tuple(described["classes"]), table, counts)


def read_images(folder: Path = FOLDER) -> np.ndarray:
    """Read the images, (N, 48, 48) uint8, as a memory map."""
    return files.read_npy(_existing(folder / "images.npy"))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            f"There is no {path}. Run `dvc repro prepare`, which writes it."
        )
    return path
