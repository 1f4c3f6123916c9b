"""The folder of results: nothing in it is replaced before its successor is complete.

A run writes into a folder of its own inside it. When everything is done, the files take the places
of the earlier run's.
"""

import re
import shutil
from pathlib import Path

from fer_transfer.console.errors import InputError
from fer_transfer.detection.inputs import RESULTS, UNFINISHED

FACES, FILES, LINES = RESULTS
PAGE, SCORES, PICTURES = "index.html", "scores.json", "pictures"
OUR_PICTURE = re.compile(r".*-[0-9a-f]{8}\.(jpg|mp4)")


def claim(folder: Path) -> Path:
    """Make the folder, or check that it holds only results; return where a run writes.

    Raises:
        InputError: If it holds files that no run has written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out names {folder}, which is a file. Give a folder.")
    held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if held and not held & {UNFINISHED, FILES}:
        raise InputError(
            f"--out names {folder}, which holds files of others ({min(held)}, ...). Give a "
            "folder that is empty, or does not exist yet."
        )
    unfinished = folder / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    return unfinished


def publish(unfinished: Path) -> None:
    """Put a complete run's files in the place of the earlier run's; files.csv comes last."""
    folder = unfinished.parent
    _replace_pictures(unfinished / PICTURES, folder / PICTURES)
    for name in (FACES, LINES, PAGE, SCORES, FILES):
        if (unfinished / name).exists():
            (unfinished / name).replace(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(unfinished)


def _replace_pictures(new: Path, old: Path) -> None:
    """Replace the earlier run's pictures; a file of somebody else among them stays."""
    names = {path.name for path in new.iterdir()} if new.exists() else set()
    for picture in old.iterdir() if old.exists() else ():
        if picture.name not in names and OUR_PICTURE.fullmatch(picture.name):
            picture.unlink()
    if names:
        old.mkdir(exist_ok=True)
    for name in names:
        (new / name).replace(old / name)
