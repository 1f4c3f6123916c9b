"""Convert the source to the format that all stages share, and count its contents.

Reads   data/raw/              the source as downloaded
        data/detected/         the faces of its image files, where it has them
Params  data
Writes  data/faces/            the labelled faces: images.npy, faces.csv, classes.json and votes.csv,
                               as fer_transfer/data/faces.py describes them
        data/dropped.csv       file, reason: what was found and did not become a face
        metrics/dataset.json   number of images per class, duplicates, all-black images,
                               fingerprint, whether it is the official file, what was dropped for
                               which reason
Source  the paper, section 3.1 (Table 1)
"""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces, fer2013
from fer_transfer.fetching import addresses
from fer_transfer.readers import detected, fer2013_csv, ferplus
from fer_transfer.readers.detected import DataSet
from fer_transfer.readers.listing import OF_THE_SYSTEM
from fer_transfer.readers.sources import SYNTHETIC, detect_layout
from fer_transfer.settings.settings import Data, load_settings
from fer_transfer.splitting import groups

logger = logging.getLogger(__name__)

RAW = Path("data/raw")
DROPPED = Path("data/dropped.csv")


def read(data: Data) -> DataSet:
    """Read the source in the layout that it has.

    Raises:
        InputError: If it has none, or its content is at fault.
    """
    layout, path = detect_layout(RAW, data.layout)
    if layout == "csv":
        if data.map or data.numbering not in ("none", "fer2013"):
            raise InputError(
                f"`data.map` and `data.numbering` in params.yaml are not read for {path.name}, "
                "which has FER2013's columns. Set them to `{}` and `none`, or give a manifest."
            )
        labelled, images = fer2013_csv.read(path)
        if data.ferplus:
            labelled = replace(labelled, votes=ferplus.fetch_votes(labelled))
        official = fer2013_csv.is_official(path)
        beside = files.read_text_table(detected.FOLDER / "dropped.csv")
        return DataSet(labelled, images, layout, path.name, official, beside)
    if data.ferplus:
        raise InputError(ferplus.OTHER_FACES.format("its columns are not FER2013's"))
    if layout == SYNTHETIC:
        labelled, images = faces.read(path), faces.read_images(path)
        return DataSet(labelled, images, layout, SYNTHETIC)
    source = addresses.local_path(data.source)
    name = source.resolve().name if source else addresses.file_name(data.source)
    data_set = detected.read(layout, name, data.numbering, data.map)
    return replace(data_set, faces=fer2013_csv.name_if_fer2013(data_set.faces))


def duplicates(data_set: DataSet) -> np.ndarray:
    """Number the faces: those of one photo alike, of fer2013.csv those of the same pixels."""
    images, file = data_set.images, data_set.faces.column("file")
    return groups.duplicates(images, file) if file.any() else groups.identical(images)


def describe(data_set: DataSet, group: np.ndarray) -> dict[str, Any]:
    """Count what is in the data set: classes, copies (one number of `group` each) and blanks."""
    labelled, images = data_set.faces, data_set.images
    num_labels = pd.Series(labelled.labels).groupby(group).nunique()
    reasons = data_set.dropped["reason"].str.split(": ").str[0]
    counts = labelled.count(labelled.labels)
    return {
        "name": labelled.name,
        "layout": data_set.layout,
        "images": counts.pop("total"),
        "emotions": counts,
        "duplicates": len(group) - len(np.unique(group)),
        "conflicting_groups": int((num_labels > 1).sum()),
        "blank": int((images.max(axis=(1, 2)) == 0).sum()),
        "fingerprint": hashlib.sha256(images.tobytes()).hexdigest(),
        "official": data_set.official,
        # By the reason, up to where it speaks of the one file.
        "dropped": reasons.value_counts().sort_index().to_dict(),
        "classes_without_faces": data_set.classes_without_faces,
        "source_file": data_set.source_file,
    }


def conflicts(data_set: DataSet, group: np.ndarray) -> list[str]:
    """Name the files that are copies of one photo, mirrored or not, under different labels."""
    label, file = data_set.faces.table["label"], data_set.faces.table["file"]
    is_conflict = (label.groupby(group).transform("nunique") > 1) & (file != "")
    named = (file + " (" + label + ")")[is_conflict]
    return named.groupby(group[is_conflict]).agg(", ".join).tolist()


def warn(data_set: DataSet, counts: dict[str, Any], contradicting: list[str]) -> None:
    """Log what a user should know before training on the faces."""
    for reason, number in counts["dropped"].items():
        if reason != OF_THE_SYSTEM:
            logger.warning("%d left out: %s (%s).", number, reason, DROPPED)
    for label in data_set.classes_without_faces:
        logger.warning("Class dropped: no photo of %s has a usable face.", label)
    if contradicting:
        logger.warning(
            "%d faces have several labels, and all are kept. Remove the wrong files:\n%s",
            len(contradicting),
            "\n".join(contradicting),
        )
    if data_set.layout == "csv" and data_set.faces.name != fer2013_csv.NAME:
        logger.warning(
            "%s has %d images, FER2013 has %d: its results are those of another data set.",
            data_set.faces.name,
            counts["images"],
            fer2013.NUM_IMAGES,
        )


def main() -> None:
    data_set = read(load_settings().data)
    faces.write(data_set.faces, data_set.images)
    files.write_csv(DROPPED, data_set.dropped)
    group = duplicates(data_set)
    counts = describe(data_set, group)
    files.write_json(Path("metrics/dataset.json"), counts)
    logger.info("%s: %d images.", data_set.faces.name, counts["images"])
    warn(data_set, counts, conflicts(data_set, group))


if __name__ == "__main__":
    command.run(main)
