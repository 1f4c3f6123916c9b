"""The small part of the real data, and the settings of a run on it."""

from pathlib import Path

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces

IMAGES = faces.FOLDER / "images.npy"
RAW = Path("data/raw")
NUM_IMAGES = (
    96  # 67 of them for training: with 32 a batch, the last batch is not a whole one
)
NUM_PAIRS = 2  # of exact duplicates, of each emotion that has them
USAGE = "Training"

# What a run on the small part sets, where the settings have it. A stage that reads where the
# data come from does not do there what it does for real.
SETTINGS = {
    "data.hash": "",
    "data.ferplus": False,  # FER+ has votes on the whole of FER2013 alone
    "train.epochs": 2,
    "tables.windows": [[1, 2]],
    "features.batch_size": 64,
}
SOURCE = "data.source"


def write_csv(images: Path, target: Path) -> None:
    """Write some of the images in fer2013.csv's own form."""
    pixels = np.array(faces.read_images(images.parent))
    labels = faces.read(images.parent).labels
    rows = choose(pixels, labels)
    table = pd.DataFrame(
        {
            "emotion": labels[rows],
            "pixels": [" ".join(map(str, image.ravel())) for image in pixels[rows]],
            "Usage": USAGE,
        }
    )
    files.write_csv(target, table)


def choose(
    pixels: np.ndarray, labels: np.ndarray, num_images: int = NUM_IMAGES
) -> np.ndarray:
    """Choose rows: as many of each emotion as can be, and pairs of exact duplicates first."""
    codes, counts = np.unique(labels, return_counts=True)
    shares = _share_out(counts, num_images)
    chosen = []
    for code, share in zip(codes, shares, strict=True):
        rows = np.flatnonzero(labels == code)
        pairs = _duplicates(pixels[rows])[: min(2 * NUM_PAIRS, share // 2 * 2)]
        others = np.setdiff1d(np.arange(len(rows)), pairs)
        chosen.append(rows[np.concatenate([pairs, others])[:share]])
    return np.sort(np.concatenate(chosen))


def _share_out(counts: np.ndarray, total: int) -> np.ndarray:
    """Share out a total as evenly as the counts allow.

    >>> _share_out(np.array([50, 2, 50]), 9)
    array([4, 2, 3])
    """
    shares = np.zeros_like(counts)
    for _ in range(min(total, counts.sum())):
        shares[np.where(shares < counts, shares, counts.max() + 1).argmin()] += 1
    return shares


def _duplicates(pixels: np.ndarray) -> np.ndarray:
    """Return the positions of the first two of each group of equal images, pair by pair."""
    places: dict[bytes, list[int]] = {}
    for place, image in enumerate(pixels):
        places.setdefault(image.tobytes(), []).append(place)
    pairs = [group[:2] for group in places.values() if len(group) > 1]
    return np.array(pairs, dtype=int).ravel()


def write_settings(path: Path, source: Path) -> None:
    """Rewrite a params.yaml for the small part."""
    yaml = YAML(typ="safe", pure=True)
    values = yaml.load(path)
    changed = {SOURCE: str(source), "data.watch": str(source), **SETTINGS}
    for key, value in changed.items():
        section, _, name = key.partition(".")
        if name in values.get(section, {}):
            values[section][name] = value
    yaml.dump(values, path)


def check_data() -> None:
    """Raise an InputError if the real data are not here."""
    if not IMAGES.is_file() and not RAW.is_dir():
        raise InputError(
            f"There is neither {IMAGES} nor {RAW}, of which a small part is needed. Run "
            "`dvc pull prepare` or `dvc repro prepare`."
        )
