"""What Pillow cannot tell or does not read, by a file's first bytes: videos, camera raw, HEIF."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_transfer.detection.status import Rejected, Status

ENOUGH = 64  # bytes

# Cameras' own formats; many are TIFF files, whose first image is a preview.
RAW_SUFFIXES = (
    *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2"),
    *(".srw", ".x3f"),
)
NEW_SUBFILE_TYPE, SUB_IFDS, DNG_VERSION = 254, 330, 50706  # tags of TIFF

# Brands of the ISO media format that are still images, or sound.
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")
AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")

VIDEO_STARTS = (
    *(b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"),  # Matroska, MPEG
    *(b"FLV", b"0&\xb2u", b"G@"),  # Flash, Windows Media, MPEG transport stream
)
REFUSALS = {
    Status.VIDEO: "a video: `fer-recognise FILE` reads it, or take photos from it, "
    "`ffmpeg -i FILE -r 1 %04d.jpg`",
    Status.CAMERA_RAW: "camera raw is not read, and the preview in it is not the photo: export it "
    "as JPEG or TIFF with the camera's software, or `darktable-cli FILE photo.jpg`",
}


def refused(status: Status) -> Rejected:
    return Rejected(status, REFUSALS[status])


def kind_of(path: Path) -> str:
    """Tell what a file is: a status of REFUSALS, or heif; empty where Pillow decides."""
    if path.suffix.lower() in RAW_SUFFIXES:
        return Status.CAMERA_RAW
    with path.open("rb") as file:
        start = file.read(ENOUGH)
    if start[4:8] == b"ftyp":
        return _media_kind(start)
    is_video = (
        start.startswith(VIDEO_STARTS)
        or (start[:4] == b"RIFF" and start[8:12] == b"AVI ")
        or start[4:6] == b"G@"  # an AVCHD camera's transport stream
        or (start[:4] == b"OggS" and b"theora" in start)  # Ogg may be sound alone
    )
    return Status.VIDEO if is_video else ""


def _media_kind(start: bytes) -> str:
    """Tell what a file of the ISO media format is, by its brand and those it is compatible with."""
    brand = start[8:12]
    others = {start[place : place + 4] for place in range(16, len(start), 4)}
    is_avif = brand in HEIF_BRANDS and others & {*AVIF_BRANDS}
    if is_avif or brand in AVIF_BRANDS + AUDIO_BRANDS:
        return ""
    return "heif" if brand in HEIF_BRANDS else Status.VIDEO


def is_camera_raw(tags: Mapping[int, Any]) -> bool:
    """Return whether a TIFF file with these tags is a camera's: its first image is reduced."""
    is_preview = tags.get(NEW_SUBFILE_TYPE, 0) & 1 and SUB_IFDS in tags
    return bool(is_preview) or DNG_VERSION in tags
