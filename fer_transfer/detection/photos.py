"""Read one photo, whatever it holds, as RGB the way a viewer would show it."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fer_transfer.detection import file_kinds
from fer_transfer.detection.status import NO_MEMORY, Rejected, Status

# What Pillow reads in its own wheel; JPEG's reader reads MPO too.
FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF"]
FORMATS += ["HEIF"]  # with pillow-heif
# Pillow's modes of more than 8 bits, all of them grey.
DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
HEIF_SUFFIXES = (".heic", ".heif", ".hif")
MOST_PIXELS = 120_000_000  # as RGB 360 MB; the cameras of phones go up to 108 million


# On odd metadata; sizes are checked below. Not per photo: threads share the filters.
warnings.filterwarnings("ignore", module="PIL")


class Photo(NamedTuple):
    """A photo as it is displayed."""

    pixels: np.ndarray  # (height, width, 3) uint8
    note: str  # what is unusual about it


def read_photo(path: Path, *, named: bool = True) -> Photo:
    """Read a photo: upright, in RGB, on white where it is transparent.

    Args:
        path: The file.
        named: Whether the user named it; what lies in a folder may be something else.

    Raises:
        Rejected: If it is not a photo, or is damaged or too large.
    """
    try:
        kind = file_kinds.kind_of(path)
        if kind == "heif":
            _register_heif()
        elif kind:
            raise file_kinds.refused(Status(kind))
        formats = ["HEIF"] if kind == "heif" else FORMATS[:-1]
        with _damage_explained(), Image.open(path, formats=formats) as image:
            if file_kinds.is_camera_raw(getattr(image, "tag_v2", {})):
                raise file_kinds.refused(Status.CAMERA_RAW)
            return _decode(image)
    except Rejected as rejected:
        is_stray = rejected.status in (Status.NOT_A_PHOTO, Status.EMPTY)
        if named or not is_stray or _has_photo_name(path):
            raise
        reason = f"{rejected.status}: {rejected.reason}"
        raise Rejected(Status.SKIPPED, reason) from None


def from_image(image: Image.Image) -> Photo:
    """Return a PIL image as a photo; see `read_photo`."""
    with _damage_explained():
        return _decode(image)


def _has_photo_name(path: Path) -> bool:
    """Return whether a name promises a photo; what macOS puts beside one (`._`) does not."""
    suffix = path.suffix.lower()
    is_known = Image.registered_extensions().get(suffix) in FORMATS
    return (is_known or suffix in HEIF_SUFFIXES) and not path.name.startswith("._")


def _register_heif() -> None:
    if find_spec("pillow_heif") is None:
        reason = (
            f"HEIC needs a package: `{sys.executable} -m pip install pillow-heif`, which `make "
            "install` brings; or save it as JPEG"
        )
        raise Rejected(Status.NEEDS_PACKAGE, reason)
    import pillow_heif

    pillow_heif.register_heif_opener()


@contextmanager
def _damage_explained() -> Iterator[None]:
    """Turn whatever a decoder raises into a status: the file is at fault, not the program."""
    try:
        yield
    except Rejected:
        raise
    except MemoryError:
        raise Rejected(Status.TOO_LARGE, NO_MEMORY) from None
    except Image.DecompressionBombError:
        raise Rejected(Status.TOO_LARGE, _too_large("an image")) from None
    except UnidentifiedImageError:
        reason = "not an image that can be read: expected " + ", ".join(FORMATS)
        raise Rejected(Status.NOT_A_PHOTO, reason) from None
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        reason = f"it cannot be decoded ({why[:200]}): copy it again from its source"
        raise Rejected(Status.DAMAGED, reason) from None


def _decode(image: Image.Image) -> Photo:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Rejected(Status.TOO_LARGE, _too_large(f"{width} x {height} pixels"))
    notes = []
    if (frames := getattr(image, "n_frames", 1)) > 1 and image.format != "MPO":
        notes.append(f"the first of {frames} images")
    image.load()
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # whatever a spoilt EXIF block makes Pillow raise
        notes.append("its EXIF data is damaged: shown as stored")
    if image.mode in DEEP:
        pixels, note = _from_levels(np.asarray(image))
        notes += filter(None, [note])
    else:
        pixels = _as_rgb(image)
    return Photo(pixels, "; ".join(notes))


def _too_large(problem: str) -> str:
    return f"{problem}: expected at most {MOST_PIXELS:,} pixels. Make it smaller"


def _as_rgb(image: Image.Image) -> np.ndarray:
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"))


def _from_levels(levels: np.ndarray) -> tuple[np.ndarray, str]:
    """Reduce grey levels (h, w) of more than 8 bits to RGB (h, w, 3) of 8 bits.

    Fractions up to 1 are stretched to 8 bits. Other levels are taken to have 8, 10, 12, 14 or 16
    bits, as few as hold the highest: a camera's 12 bits in a file of 16 would come out black.

    Returns:
        The pixels, and a note where fewer bits were used than the file has.
    """
    highest = levels.max()
    if not (np.isfinite(levels).all() and levels.min() >= 0 and highest <= 65535):
        reason = "grey levels outside 0 to 65535: save it with 8 or 16 bits"
        raise Rejected(Status.NOT_A_PHOTO, reason)
    if levels.dtype.kind == "f" and highest < 2:  # an edit may exceed 1 here and there
        levels, highest = np.minimum(levels, 1) * 65535, 65535
    bits = next(bits for bits in (8, 10, 12, 14, 16) if highest < 2**bits)
    eight = (levels.astype(np.uint16) >> (bits - 8)).astype(np.uint8)
    note = "" if bits == 16 else f"grey levels up to {highest:g}: read as {bits} bits"
    return np.repeat(eight[..., None], 3, axis=2), note


def is_fer2013_crop(pixels: np.ndarray) -> bool:
    """Return whether an image is already what FER2013 holds: a grey face of 48x48 pixels."""
    return pixels.shape[:2] == (48, 48) and bool((pixels[..., :1] == pixels).all())
