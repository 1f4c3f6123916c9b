"""The study's own images as a source: FER2013, with its labels or those of FER+."""

import hashlib
from pathlib import Path

import numpy as np

from algorithm.lib.forms.entries import Entry, Found
from algorithm.lib.settings import PATH
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import fer2013
from fer_transfer.data.votes import NO_MAJORITY as NONE

SOURCES = ("fer2013", "ferplus")
IMAGES, SPLIT, VOTES = (
    Path(f"data/{name}.npz") for name in ("images", "split", "ferplus")
)
NO_MAJORITY = "FER+ has no majority for one of the seven emotions"


def read(source: str) -> Found:
    """Read the study's images; a photo is its row, and the parts are those of the split.

    Raises:
        InputError: If the study's files are not there, or FER+ was not fetched.
    """
    for path in (IMAGES, SPLIT, *([VOTES] if source == "ferplus" else [])):
        if not path.exists():
            raise InputError(
                f"`gather.source` in {PATH} is {source}, the study's own images, and there is no "
                f"{path}. Run `dvc repro prepare split ferplus` or `dvc pull` first, or set "
                "another source."
            )
    images = files.read_npz(IMAGES)
    labels = images["labels"].astype(np.int64)
    if source == "ferplus":
        labels = _majority(len(labels))
    parts = _parts(len(labels))
    found = Found()
    for row, (pixels, label) in enumerate(zip(images["pixels"], labels, strict=True)):
        if label == NONE:
            found.drop(str(row), NO_MAJORITY)
            continue
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        emotion = fer2013.EMOTIONS[label]
        found.entries.append(Entry(str(row), emotion, part=parts[row], sha256=digest))
    return found


def _majority(num_images: int) -> np.ndarray:
    labels = files.read_npz(VOTES)["labels"].astype(np.int64)
    if len(labels) != num_images:
        raise InputError(
            f"{VOTES} has labels for {len(labels)} of {num_images} images. Set `data.ferplus: "
            "true` in params.yaml and run `dvc repro ferplus`."
        )
    return labels


def _parts(num_images: int) -> list[str]:
    split = files.read_npz(SPLIT)
    parts = np.full(num_images, "", dtype="U5")
    for part in ("train", "val", "test"):
        parts[split[part]] = part
    return [str(part) for part in parts]
