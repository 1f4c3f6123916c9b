"""The folder of results: it is ours or empty, and what stands in it is whole."""

import re
from pathlib import Path

from fer_transfer.console.errors import InputError
from fer_transfer.core import journal

FACES, FILES, LINES, PAGE = "faces.csv", "files.csv", "faces.jsonl", "index.html"
PICTURES = "pictures"
OUR_PICTURE = re.compile(r".*-[0-9a-f]{8}\.jpg")


def claim(folder: Path) -> None:
    """Make the folder, or make sure that nothing in it is somebody else's.

    Raises:
        InputError: If it holds what no run of ours has written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out names {folder}, which is a file. Give a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    held = {path.name for path in folder.iterdir()}
    if held and not held & {journal.NAME, FILES}:
        raise InputError(
            f"--out names {folder}, which holds files of others ({sorted(held)[0]}, ...). Give "
            "a folder that is empty, or does not exist yet."
        )


def remove_results(folder: Path) -> None:
    """Remove an earlier run's results: beside those of an unfinished one they would mislead."""
    for name in (PAGE, FACES, LINES, FILES):
        (folder / name).unlink(missing_ok=True)
    for picture in (folder / PICTURES).glob("*.jpg"):
        if OUR_PICTURE.fullmatch(picture.name):
            picture.unlink()
