"""What Pillow cannot tell or does not read, by a file's first bytes: videos, camera raw, HEIF."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_transfer.detection.status import Rejected, Status, unreadable

ENOUGH = 64  # bytes

# Cameras' own formats; many are TIFF files, whose first image is a preview.
RAW_SUFFIXES = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf"}
RAW_SUFFIXES |= {".rw2", ".srw", ".x3f"}
NEW_SUBFILE_TYPE, SUB_IFDS, DNG_VERSION = 254, 330, 50706  # tags of TIFF

# What a file begins with; the first that fits decides. The ISO media format has its brand at the
# ninth byte, and those it is compatible with from the seventeenth on, four bytes each.
BEGINNINGS = {
    rb"\xff\xd8\xff": "",  # JPEG, whose next two bytes, a length, may read G@
    # AVIF, which Pillow reads; sound
    rb".{4}ftyp(avi[fs]|M4[ABP] |(hei[cxms]|hevc|mif1|msf1).{4}(.{4})*?avi[fs])": "",
    rb".{4}ftyp(hei[cxms]|hevc|mif1|msf1)": "heif",
    rb".{4}ftyp|RIFF.{4}AVI |OggS.*theora": Status.VIDEO,  # Ogg may be sound alone
    rb"\0.{3}(moov|wide|free|skip)|.{4}mdat": Status.VIDEO,  # QuickTime without ftyp
    rb"\x1aE\xdf\xa3|\x00\x00\x01[\xba\xb3]": Status.VIDEO,  # Matroska, MPEG
    rb"FLV|0&\xb2u|(.{4})?G@": Status.VIDEO,  # Flash, Windows Media, transport streams
}
REFUSALS = {
    Status.VIDEO: "a video: `fer-recognise FILE` reads it, or take photos from it, "
    "`ffmpeg -i FILE -r 1 %04d.jpg`",
    Status.CAMERA_RAW: "camera raw is not read, and the preview in it is not the photo: export it "
    "as JPEG or TIFF with the camera's software, or `darktable-cli FILE photo.jpg`",
}


def refused(status: Status) -> Rejected:
    return Rejected(status, REFUSALS[status])


def kind_of(path: Path) -> str:
    """Tell what a file is: a status of REFUSALS, or heif; empty where Pillow decides.

    Raises:
        Rejected: If it is empty or cannot be opened; a pipe or a device is not opened.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            reason = "a folder, a pipe or a device: name a file"
            raise Rejected(Status.NOT_A_PHOTO, reason)
        if not status.st_size:
            raise Rejected(Status.EMPTY, "the file has no content: copy it again")
        if path.suffix.lower() in RAW_SUFFIXES:
            return Status.CAMERA_RAW
        with path.open("rb") as file:
            start = file.read(ENOUGH)
    except (OSError, ValueError) as error:
        raise unreadable(error) from None
    for beginning, kind in BEGINNINGS.items():
        if re.match(beginning, start, re.DOTALL):
            return kind
    return ""


def is_camera_raw(tags: Mapping[int, Any]) -> bool:
    """Return whether a TIFF file with these tags is a camera's: its first image is reduced."""
    is_preview = tags.get(NEW_SUBFILE_TYPE, 0) & 1 and SUB_IFDS in tags
    return bool(is_preview) or DNG_VERSION in tags
