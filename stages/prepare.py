"""Read FER2013 from any known format into arrays, and describe what is in it.

Reads   data/raw/              fer2013.csv, icml_face_data.csv or image folders, as downloaded
Params  data
Writes  data/faces/            the contract of fer_transfer/data/faces.py, in the file's order; with
                               FER+'s votes if `data.ferplus` is true
        metrics/dataset.json   number of images per emotion and usage, duplicates, all-black
                               images, fingerprint, whether it is the official file, and
                               how many images were converted
Source  the paper, section 3.1 (Table 1)
"""

import hashlib
import logging
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import (
    addresses,
    archives,
    duplicates,
    faces,
    fer2013,
    ferplus,
    fetch,
    formats,
)
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)

RAW = Path("data/raw")
PART_OF = dict(zip(fer2013.USAGES, faces.PARTS, strict=True))


def downloaded(folder: Path) -> Path:
    """Return the one file that was downloaded, or the folder itself if there are more."""
    if not folder.is_dir():
        raise InputError(f"There is no {folder}/. Run `dvc repro download` first.")
    found = _visible(folder)
    return found[0] if len(found) == 1 and found[0].is_file() else folder


def _visible(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.iterdir()
        if not archives.is_clutter(PurePosixPath(path.name))
    ]


def describe(images: formats.Images, group: np.ndarray) -> dict[str, Any]:
    """Count what is in the data set: emotions, usages, duplicates and blanks."""
    in_order = dict.fromkeys(images.usages.tolist())
    return {
        "images": len(images.labels),
        "emotions": emotions(images.labels),
        "usages": {
            usage: {"total": int(rows.sum()), **emotions(images.labels[rows])}
            for usage in in_order
            for rows in [images.usages == usage]
        },
        "duplicates": duplicates.count_beyond_first(group),
        "conflicting_groups": duplicates.count_conflicting(group, images.labels),
        "blank": int((images.pixels.max(axis=(1, 2)) == 0).sum()),
        "fingerprint": hashlib.sha256(images.pixels.tobytes()).hexdigest(),
        "official": images.official,
        "converted": images.num_converted,
    }


def emotions(labels: np.ndarray) -> dict[str, int]:
    """Count the images of each emotion.

    >>> emotions(np.array([3, 6, 3]))["happy"]
    2
    """
    counts = np.bincount(labels, minlength=len(fer2013.EMOTIONS))
    return dict(zip(fer2013.EMOTIONS, counts.tolist(), strict=True))


def name_of(source: str, dataset: dict[str, Any]) -> str:
    """Name the data: FER2013 only where the counts are those of the paper's Table 1."""
    if source == "synthetic":
        return "synthetic"
    return "FER2013" if dataset["images"] == fer2013.NUM_IMAGES else "another data set"


def ferplus_votes(images: formats.Images) -> pd.DataFrame:
    """Download FER+'s file, verify and read it; return the votes on each image."""
    with tempfile.TemporaryDirectory(dir="data") as folder:
        file = Path(folder) / addresses.file_name(ferplus.URL)
        fetch.fetch(ferplus.URL, ferplus.HASH, file)
        table = ferplus.read(file)
    known = {"labels": images.labels, "usages": images.usages, "rows": images.rows}
    ferplus.check_same_images(table, known)
    return pd.DataFrame(table.votes[images.rows], columns=list(ferplus.NAMES))


def main() -> None:
    settings = load_settings()
    images = formats.read(
        downloaded(RAW),
        convert=settings.data.convert,
        numbering=settings.data.numbering,
    )
    group = duplicates.groups(images.pixels)
    dataset = describe(images, group)
    dataset["source_file"] = ", ".join(sorted(path.name for path in _visible(RAW)))
    is_fer2013 = images.usages.size and set(images.usages.tolist()) <= set(
        fer2013.USAGES
    )
    table = pd.DataFrame("", index=range(len(images.labels)), columns=faces.COLUMNS)
    table["label"] = np.array(fer2013.EMOTIONS)[images.labels]
    if is_fer2013:
        table["part"] = [PART_OF[usage] for usage in images.usages.tolist()]
    votes = ferplus_votes(images) if settings.data.ferplus else None
    known = faces.Faces(
        name_of(settings.data.source, dataset), fer2013.EMOTIONS, table, votes
    )
    faces.write(known, images.pixels)
    files.write_json(Path("metrics/dataset.json"), dataset)
    logger.info(
        "%d images: %s.",
        dataset["images"],
        "the official file" if images.official else "not the official file",
    )
    if settings.data.source != "synthetic" and dataset["images"] != fer2013.NUM_IMAGES:
        logger.warning(
            "FER2013 has %s images, and this copy %s: its results are those of another data set.",
            f"{fer2013.NUM_IMAGES:,}",
            f"{dataset['images']:,}",
        )


if __name__ == "__main__":
    command.run(main)
