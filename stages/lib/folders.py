"""FER2013 as image folders: train/, perhaps validation/, and test/, with a folder per emotion."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image

from stages.lib import fer2013
from stages.lib.archives import Member
from stages.lib.console import InputError

# In the order of the rows that they become.
SETS = (fer2013.TRAIN_FOLDERS, fer2013.VALIDATION_FOLDERS, fer2013.TEST_FOLDERS)
POSITIONS = {folder: position for position, set_ in enumerate(SETS) for folder in set_}

MODES = ("L", "LA", "P", "RGB", "RGBA")  # Pillow's modes of 8 bits a channel
# Grey levels by which the channels of a grey image may differ: WebP, which has no grey,
# rounds each for itself.
GREY_TOLERANCE = 2

WANTED = (
    "Expected train/<emotion>/<image> and test/<emotion>/<image>, perhaps also "
    f"validation/<emotion>/<image>, where <emotion> is {', '.join(fer2013.EMOTIONS)}."
)


class Row(NamedTuple):
    """One image; rows are sorted by what stands first, so that an archive's order is no matter."""

    set_position: int
    label: int
    file_name: str
    set_name: str
    pixels: np.ndarray


def is_image(name: PurePosixPath) -> bool:
    """Say whether a file stands where an image must, or is called like one."""
    return _is_in_place(name) or name.suffix.lower() in Image.registered_extensions()


def parse(
    members: Iterable[Member], where: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the images among `members`; `where` is what errors call the folder or archive.

    Returns:
        Pixels (N, 48, 48) uint8, labels (N,) uint8 and set names (N,) of text, sorted by set,
        emotion and file name.

    Raises:
        InputError: If a folder's name is no emotion, or an image is not grey and 48x48.
    """
    rows = sorted(_rows(members, where), key=lambda row: row[:3])
    pixels = np.stack([row.pixels for row in rows])
    labels = np.array([row.label for row in rows], dtype=np.uint8)
    return pixels, labels, np.array([row.set_name for row in rows])


def _rows(members: Iterable[Member], where: str) -> Iterator[Row]:
    roots, found = set(), set()
    for name, read in members:
        if not is_image(name):
            continue
        if not _is_in_place(name):
            raise InputError(
                f"{where}: the image {name} stands outside the folders of sets and emotions, "
                f"so nothing says what it shows. {WANTED} Move it there, or take another copy."
            )
        root, (set_name, emotion, file_name) = name.parents[2], name.parts[-3:]
        roots.add(root)
        position = POSITIONS[set_name.lower()]
        found.add(position)
        label, pixels = _label(name, emotion, where), _image(read(), f"{where}: {name}")
        yield Row(position, label, file_name, set_name, pixels)
    _check_whole(roots, found, where)


def _is_in_place(name: PurePosixPath) -> bool:
    return len(name.parts) >= 3 and name.parts[-3].lower() in POSITIONS


def _label(name: PurePosixPath, emotion: str, where: str) -> int:
    known = fer2013.EMOTION_FOLDERS.get(emotion.lower())
    if known is None:
        raise InputError(
            f"{where}: {name} is in the class folder `{emotion}`, which names no emotion of "
            f"FER2013: {', '.join(fer2013.EMOTION_FOLDERS)}. Classes go by name, never by "
            "number or order. Rename the folder, or remove it."
        )
    return fer2013.EMOTIONS.index(known)


def _image(content: bytes, where: str) -> np.ndarray:
    """Decode one image, (48, 48) uint8."""
    side = fer2013.IMAGE_SIZE
    try:
        with Image.open(BytesIO(content)) as image:
            found = f"{image.width}x{image.height} pixels, {image.mode}"
            if image.size == (side, side) and image.mode in MODES:
                channels = np.asarray(image.convert("RGB"), dtype=np.int16)
                if np.ptp(channels, axis=2).max() <= GREY_TOLERANCE:
                    return np.asarray(image.convert("L"))
                found += ", in colour"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            f"{where} is not an image that can be read ({error}). Remove it, or take another "
            "copy."
        ) from None
    raise InputError(
        f"{where} must be a grey image of {side}x{side} pixels, 8 bits each, as FER2013's are. "
        f"Got {found} instead. Take a copy that was not resized or coloured."
    )


def _check_whole(roots: set[PurePosixPath], found: set[int], where: str) -> None:
    if len(roots) > 1:
        raise InputError(
            f"{where} holds image folders in several places: "
            f"{', '.join(sorted(map(str, roots)))}. Set `data.source` in params.yaml to one."
        )
    missing = [SETS[position][0] for position in (0, 2) if position not in found]
    if missing:
        raise InputError(
            f"{where} has no images in {' and '.join(missing)}/, so it is not all of FER2013. "
            f"{WANTED} Take another copy."
        )
