"""The faces of image files: what stage detect wrote becomes a set of labelled faces.

data/detected/images.npy  (M, 48, 48) uint8, grey: the faces that were taken
data/detected/faces.csv   a row per labelled face: the columns of data/faces/faces.csv, the label
                          as the source spells it; status, reason
data/detected/dropped.csv file, reason: without a label, or not read
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError, shown
from fer_transfer.core import files
from fer_transfer.data.emotions import in_order
from fer_transfer.data.faces import COLUMNS, Faces
from fer_transfer.readers.labels import DROP, name_classes
from fer_transfer.readers.listing import Dropped

FOLDER = Path("data/detected")
MOST_CLASSES = 10  # plots/predictions/ has a digit per face
MAPPED = "`data.map` drops its label"


class Outcome(StrEnum):
    """What became of an image that could be read."""

    TAKEN = "taken"  # its face is in images.npy
    NO_FACE = "no face"
    SEVERAL = "several faces"
    TOO_SMALL = "face too small"
    OUTSIDE = "box outside"
    NOT_A_FACE = "not a face"


@dataclass(frozen=True)
class DataSet:
    """A set of labelled faces, how it was read, and what did not become one of its faces."""

    faces: Faces
    images: np.ndarray  # (N, 48, 48) uint8
    layout: str
    source_file: str
    official: bool = False  # the bytes are those that the competition published
    dropped: pd.DataFrame = field(  # file and reason
        default_factory=lambda: pd.DataFrame(columns=Dropped._fields)
    )
    classes_without_faces: tuple[str, ...] = ()


def read(layout: str, name: str, numbering: str, mapping: Mapping[str, str]) -> DataSet:
    """Read what stage detect wrote, and name its classes.

    Raises:
        InputError: If labels have no name, no file of a class could be read, or fewer than two
            classes or more than ten have faces.
    """
    table = files.read_text_table(FOLDER / "faces.csv")
    images = files.read_npy(FOLDER / "images.npy")
    classes_of = name_classes(table["label"], numbering, mapping)
    table["spelling"] = table["label"]
    table["label"] = table["label"].map(classes_of)
    # One name for `Ann`, `ann` and `ANN`: the one that comes first.
    same_person = table["person"].groupby(table["person"].str.casefold())
    table["person"] = same_person.transform("first")
    is_mapped, is_taken = table["label"] == DROP, table["status"] == Outcome.TAKEN
    table["reason"] = table["status"] + ": " + table["reason"]
    table.loc[is_mapped, "reason"] = MAPPED
    wanted = table[~is_mapped]
    _check_every_class_was_read(wanted)
    kept = table[is_taken & ~is_mapped]
    unlabelled = files.read_text_table(FOLDER / "dropped.csv")
    others = table.drop(kept.index)[list(Dropped._fields)]
    dropped = pd.concat([unlabelled, others]).sort_values(list(Dropped._fields))
    classes = in_order(set(kept["label"]))
    without = in_order(set(wanted["label"]) - set(classes))
    _check_number(classes, without, dropped["reason"])
    return DataSet(
        Faces(name, classes, kept[list(COLUMNS)].reset_index(drop=True)),
        images[~is_mapped[is_taken].to_numpy()],
        layout,
        name,
        dropped=dropped,
        classes_without_faces=without,
    )


def _check_every_class_was_read(table: pd.DataFrame) -> None:
    """Raise an InputError for classes none of whose files is an image that can be read."""
    is_read = table["status"].isin(list(Outcome))
    unread = table[~table["label"].isin(table["label"][is_read])]
    if len(unread):
        examples = unread.groupby("label").first()
        reasons = examples.index + ": " + examples["file"] + ", " + examples["reason"]
        raise InputError(
            f"Classes without a readable file ({len(examples)}): {'; '.join(reasons[:10])}. Save "
            "their images as JPEG or PNG, remove the folders, or set `data.map: "
            f"{{{shown(examples['spelling'].iloc[0])}: {DROP}}}` in params.yaml."
        )


def _check_number(
    classes: tuple[str, ...], without: tuple[str, ...], reasons: pd.Series
) -> None:
    """Raise an InputError for fewer than two classes, or more than have a digit each."""
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"There are {len(classes)} classes, and at most {MOST_CLASSES} are supported: "
            f"{', '.join(classes)}. Join or drop some by `data.map` in params.yaml."
        )
    if len(classes) < 2:
        counts = reasons.value_counts().head(3).items()
        counted = "; ".join(f"{count} {reason}" for reason, count in counts)
        raise InputError(
            f"Faces of at least two classes are needed, but found {len(classes)}: "
            f"{', '.join(classes) or 'none'}. Without a face: {', '.join(without) or 'none'}. Left "
            f"out: {counted or 'nothing'}. Add images with a face each, or set `data.detector` in "
            "params.yaml to another one."
        )
