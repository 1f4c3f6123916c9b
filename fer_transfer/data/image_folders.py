"""FER2013 as image folders: train/, validation/ and test/, or some of them, a folder per emotion.

Which set an image came in decides nothing, unless `split.by` is official: all are split anew.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from fer_transfer.console.errors import InputError
from fer_transfer.data import class_folders, fer2013, foreign
from fer_transfer.data.archives import Member

# In the order of the rows that they become.
SETS = (fer2013.TRAIN_FOLDERS, fer2013.VALIDATION_FOLDERS, fer2013.TEST_FOLDERS)
POSITIONS = {folder: position for position, set_ in enumerate(SETS) for folder in set_}

# Pillow reads more, some of it by running other programs.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TGA", "TIFF", "WEBP")
DEEP = ("I", "F")  # Pillow's modes of more than 8 bits per channel begin so
# Far beyond any photograph of a face: what is larger is refused before it fills the memory.
LARGEST_FILE = 1 << 25  # bytes
MOST_PIXELS = 25_000_000
# Grey levels by which the channels of a grey image may differ: WebP, which has no grey,
# rounds each for itself.
GREY_TOLERANCE = 2

WANTED = (
    "Expected train/<emotion>/<image>, and the same in validation/ and test/, where <emotion> is "
    f"{', '.join(fer2013.EMOTIONS)}."
)


class Row(NamedTuple):
    """One image; rows are sorted by what stands first, so that an archive's order is no matter."""

    set_position: int
    label: int
    file_name: str
    set_name: str
    pixels: np.ndarray
    is_converted: bool


def is_image(name: PurePosixPath) -> bool:
    """Say whether a file stands where an image must, or is called like one."""
    suffixes = Image.registered_extensions().keys() - foreign.SUFFIXES  # .h5 is both
    return _is_in_place(name) or name.suffix.lower() in suffixes


def parse(
    members: Iterable[Member], where: str, *, convert: bool, numbering: str = "none"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Read the images among `members`; `where` is what errors call the folder or archive.

    `convert` and `numbering` are the settings `data.convert` and `data.numbering`.

    Returns:
        Pixels (N, 48, 48) uint8, labels (N,) uint8 and set names (N,) of text, sorted by set,
        emotion and file name; and the number of images that were converted.

    Raises:
        InputError: If a folder's name is no emotion, or an image is not grey and 48x48 and
            is not to be converted.
    """
    found = _rows(members, where, convert, numbering)
    rows = sorted(found, key=lambda row: row[:3])
    pixels = np.stack([row.pixels for row in rows])
    labels = np.array([row.label for row in rows], dtype=np.uint8)
    set_names = np.array([row.set_name for row in rows])
    return pixels, labels, set_names, sum(row.is_converted for row in rows)


def _rows(
    members: Iterable[Member], where: str, convert: bool, numbering: str
) -> Iterator[Row]:
    roots = set()
    for name, open_member in members:
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
        label = class_folders.code_of(emotion, f"{where}: {name}", numbering)
        with open_member() as stream:
            image = _decoded(stream, f"{where}: {name}")
        pixels, is_converted = _fitted(image, f"{where}: {name}", convert=convert)
        yield Row(position, label, file_name, set_name, pixels, is_converted)
    if len(roots) > 1:
        raise InputError(
            f"{where} holds image folders in several places: "
            f"{', '.join(sorted(map(str, roots)))}. Set `data.source` in params.yaml to one."
        )


def _is_in_place(name: PurePosixPath) -> bool:
    return len(name.parts) >= 3 and name.parts[-3].lower() in POSITIONS


def _decoded(stream: BinaryIO, where: str) -> Image.Image:
    """Read an image, in Pillow's mode RGBA, after a check of its size."""
    content = stream.read(LARGEST_FILE + 1)
    try:
        if len(content) > LARGEST_FILE:
            raise ValueError(f"it has more than {LARGEST_FILE:,} bytes")
        with warnings.catch_warnings(
            action="error", category=Image.DecompressionBombWarning
        ):
            image = Image.open(BytesIO(content), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"it has {image.width}x{image.height} pixels")
        if getattr(image, "is_animated", False):
            raise ValueError("it has several frames, and only one can be the face")
        if image.mode.startswith(DEEP):
            raise ValueError("it has more than 8 bits per pixel: which of them count?")
        return image.convert("RGBA")
    except Exception as error:  # Pillow's decoders raise all kinds for what is damaged
        raise InputError(
            f"{where} is not an image that can be read ({_in_short(error)}). Correct or remove "
            "it, or take another copy."
        ) from None


def _in_short(error: Exception) -> str:
    # Pillow names the place in memory of what it read from, another one each time.
    said = re.sub(r" <_io\.BytesIO object at \w+>", "", " ".join(str(error).split()))
    return said[:200] or type(error).__name__


def _fitted(
    image: Image.Image, where: str, *, convert: bool
) -> tuple[np.ndarray, bool]:
    """Return an image's pixels, (48, 48) uint8, and whether it had to be converted."""
    side = fer2013.IMAGE_SIZE
    colours, opacity = np.split(np.asarray(image, dtype=np.int16), [3], axis=2)
    differences = {
        f"{image.width}x{image.height} pixels": image.size != (side, side),
        "colour": bool(np.ptp(colours, axis=2).max() > GREY_TOLERANCE),
        "transparent parts": bool(opacity.min() < 255),
    }
    found = [name for name, is_true in differences.items() if is_true]
    if not found:
        return np.asarray(image.convert("L")), False
    if not convert:
        raise InputError(
            f"{where} must be a grey image of {side}x{side} pixels, as FER2013's are. Got "
            f"{', '.join(found)} instead. Take a copy that was not changed; or set "
            "`data.convert` in params.yaml to true, to make all images grey and of this size."
        )
    return np.asarray(_converted(image, side)), True


def _converted(image: Image.Image, side: int) -> Image.Image:
    """Make an image grey, on black where it is transparent, and resize it."""
    black = Image.new("RGBA", image.size, "black")
    grey = Image.alpha_composite(black, image).convert("L")
    return grey.resize((side, side), Image.Resampling.BILINEAR)
