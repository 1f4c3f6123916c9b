"""Bring the data set into the project from where params.yaml says, and verify it.

Reads   what `data.source` names (`data.watch` is the same path where it is on this machine);
        for Kaggle and addresses the environment variable FER_MIRROR, where set, is tried first
Params  data, synthetic
Writes  data/raw/   what was fetched: a folder as it is, a file unpacked
Source  docs/choices.md; the hashes are in fer_transfer/readers/fer2013_csv.py
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from fer_transfer.console import command, integrity
from fer_transfer.console.errors import REMEDIES, InputError, shown
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.fetching import addresses, fetch
from fer_transfer.readers import archives, fer2013_csv
from fer_transfer.settings.settings import Synthetic, load_settings
from fer_transfer.synthetic import drawing

logger = logging.getLogger(__name__)

RAW = Path("data/raw")
# A transfer from Kaggle that was cut off goes on from here, also in the next run.
KAGGLE_CACHE = Path("data/.kagglehub")
COMPRESSED = ("", ".xz", ".gz", ".zip")  # in which a mirror may hold fer2013.csv


def from_kaggle(folder: Path) -> None:
    """Fetch fer2013.csv from the mirror, or else from a public Kaggle data set."""
    name = fer2013_csv.KAGGLE_FILE
    official = f"md5:{fer2013_csv.OFFICIAL_MD5[name]}"
    for suffix in COMPRESSED:
        if fetch.from_mirror(name + suffix, official, folder / (name + suffix)):
            return
    with files.atomic_write(folder / name) as part:
        shutil.copyfile(_kagglehub_download(), part)
        shutil.rmtree(KAGGLE_CACHE, ignore_errors=True)
        fetch.check(part, official, f"{name} of Kaggle's {fer2013_csv.KAGGLE_DATASET}")


def _kagglehub_download() -> str:
    # kagglehub reads this at each call; its own choice is a folder in the user's home.
    os.environ["KAGGLEHUB_CACHE"] = str(KAGGLE_CACHE.resolve())
    import kagglehub  # here, because no other source needs it

    dataset, name = fer2013_csv.KAGGLE_DATASET, fer2013_csv.KAGGLE_FILE
    logger.info("Fetching %s from Kaggle's public data set %s.", name, dataset)
    try:
        return str(kagglehub.dataset_download(dataset, path=name))
    except Exception as error:  # its exceptions have no base class of their own
        if getattr(error, "errno", None) in REMEDIES:
            raise
        raise InputError(
            f"Could not fetch https://www.kaggle.com/datasets/{dataset} ({name}): {error}. Check "
            "the network and run again, which resumes the download; or set FER_MIRROR to a folder "
            f"that holds {name}, or `data.source` in params.yaml to a file you have."
        ) from None


def from_path(path: Path, known_hash: str, folder: Path) -> None:
    """Copy a file, or what is in a folder."""
    if path.is_dir():
        _copy_folder(path, known_hash, folder)
    elif path.is_file():
        shutil.copyfile(path, folder / path.name)
        if known_hash:
            fetch.check(folder / path.name, known_hash, str(path))
    else:
        # The folder that `dvc exp run --temp` and the queue run in is another one.
        hint = "" if path.is_absolute() else " by its absolute path"
        raise InputError(
            f"`data.source` in params.yaml is `{path}`, but there is no such file or folder "
            f"(relative to {Path.cwd()}). Set it to one that exists{hint}, to an address that "
            "starts with https://, to `kaggle` or to `synthetic`."
        )


def _copy_folder(path: Path, known_hash: str, folder: Path) -> None:
    if known_hash:
        raise InputError(
            f"`data.hash` in params.yaml is set, but {path} is a folder, which has no hash. "
            'Set it to "", or set `data.source` to an archive of the folder.'
        )
    if RAW.resolve().is_relative_to(path.resolve()):
        raise InputError(
            f"`data.source` in params.yaml is `{path}`, a folder that {RAW} itself lies in. "
            "Set it to the folder that holds the images."
        )
    for inside in path.rglob("*"):
        if inside.is_symlink() and inside.is_dir():
            raise InputError(
                f"{inside} is a link to a folder, whose changes DVC would not see. Replace it by a "
                "copy of the folder, or set `data.source` in params.yaml to that folder."
            )
    try:
        # Without the permissions: in a folder that is read-only DVC could not replace anything.
        shutil.copytree(path, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    except shutil.Error as error:
        [(source, _, reason), *others] = error.args[0]
        for number in REMEDIES:
            if f"[Errno {number}]" in reason:
                raise OSError(number, os.strerror(number), source) from None
        raise InputError(
            f"{1 + len(others)} entries in {path} could not be copied, the first being {source}: "
            f"{reason}. Correct or remove it."
        ) from None
    for inside in (folder, *folder.rglob("*/")):
        inside.chmod(0o755)


def from_synthetic(settings: Synthetic, folder: Path) -> None:
    """Draw synthetic faces: in order, 80% for training and 10% for each other set."""
    drawn = drawing.draw(settings.images, settings.identities, settings.seed)
    images, labels, identities = drawn
    held_out = round(0.1 * len(labels))
    counts = [len(labels) - 2 * held_out, held_out, held_out]
    table = pd.DataFrame("", index=range(len(labels)), columns=faces.COLUMNS)
    table["label"] = np.array(EMOTIONS)[labels]
    table["person"] = [f"identity-{number}" for number in identities]
    table["part"] = np.repeat(faces.PARTS, counts)
    faces.write(faces.Faces("synthetic faces", EMOTIONS, table), images, folder)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes its place once the block succeeds."""
    part = path.with_name(f".{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    part.mkdir(parents=True)
    try:
        yield part
        integrity.check()
        shutil.rmtree(path, ignore_errors=True)
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def main() -> None:
    settings = load_settings()
    source, known_hash = settings.data.source, settings.data.hash
    path = None if source == "kaggle" else addresses.local_path(source)
    with atomic_folder(RAW) as folder:
        if source == "kaggle":
            from_kaggle(folder)
        elif source == "synthetic":
            from_synthetic(settings.synthetic, folder)
        elif path:
            from_path(path, known_hash, folder)
        else:
            fetch.fetch(source, known_hash, folder / addresses.file_name(source))
        if source != "synthetic" and not (path and path.is_dir()):
            for file in list(folder.iterdir()):
                archives.unpack(file)
    logger.info("%s: %s.", RAW, shown(sorted(path.name for path in RAW.iterdir())))


if __name__ == "__main__":
    command.run(main)
