"""What a file is, by its first bytes: enough to say why it is not read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_transfer.detection.status import Rejected, Status

ENOUGH = 64  # bytes

PHOTO_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "MPO": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf"),
    "AVIF": (".avif", ".avifs"),
    "HEIF": (".heic", ".heif", ".hif"),
}

# Cameras' own formats are TIFF files, whose first image is a preview.
RAW_SUFFIXES = (".arw", ".cr2", ".dng", ".nef", ".nrw", ".orf", ".pef", ".rw2", ".srw")
NEW_SUBFILE_TYPE, SUB_IFDS, DNG_VERSION = 254, 330, 50706  # tags of TIFF

# Brands of the ISO media format that are still images.
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")
AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")

STARTS = {
    b"\xff\x0a": "jpeg xl",
    b"\x00\x00\x00\x0cJXL ": "jpeg xl",
    b"II*\x00\x10\x00\x00\x00CR": "camera raw",  # Canon CR2
    b"IIRO": "camera raw",  # Olympus
    b"IIRS": "camera raw",
    b"IIU\x00": "camera raw",  # Panasonic
    b"FUJIFILMCCD-RAW": "camera raw",
    b"FOVb": "camera raw",  # Sigma
    b"%PDF": "pdf",
    b"PK\x03\x04": "archive",
    b"\x1f\x8b": "archive",
    b"\x1aE\xdf\xa3": "video",  # Matroska and WebM
    b"\x00\x00\x01\xba": "video",  # MPEG
    b"\x00\x00\x01\xb3": "video",
    b"FLV": "video",
    b"0&\xb2u": "video",  # Windows Media
    b"G@": "video",  # MPEG transport stream
}

# How PBM, PGM and PPM begin, whose headers are text.
ANYMAPS = tuple(f"P{number}".encode() for number in range(1, 7))

WHY = {
    "video": "a video: `fer-recognise FILE` reads it, or take photos from it, "
    "`ffmpeg -i FILE -r 1 %04d.jpg`",
    "camera raw": "camera raw is not read, and the preview in it is not the photo: export it as "
    "JPEG or TIFF with the camera's software, or `darktable-cli FILE photo.jpg`",
    "jpeg xl": "JPEG XL is not read: convert it, `djxl FILE photo.png`",
    "pdf": "a PDF is not read: take the pictures out, `pdfimages -all FILE photo`",
    "archive": "an archive is not read: unpack it and give the folder",
    "text": "its content is text",
}


def kind_of(start: bytes) -> str:
    """Tell what a file is by its first bytes; empty where Pillow decides.

    >>> kind_of(bytes(4) + b"ftypisom")
    'video'
    >>> kind_of(b"%PDF-1.7")
    'pdf'
    """
    if start[4:8] == b"ftyp":
        return _media_kind(start)
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "video"
    if start[4:6] == b"G@" or (start[:4] == b"OggS" and b"theora" in start):
        return (
            "video"  # an AVCHD camera's transport stream; Ogg, which may be sound alone
        )
    for beginning, kind in STARTS.items():
        if start.startswith(beginning):
            return kind
    return "text" if _is_text(start) else ""


def _media_kind(start: bytes) -> str:
    """Tell what a file of the ISO media format is, by its brand and those it is compatible with."""
    brand = start[8:12]
    if brand == b"crx ":  # Canon CR3
        return "camera raw"
    if brand in AUDIO_BRANDS:
        return ""
    others = {start[place : place + 4] for place in range(16, len(start), 4)}
    if brand in AVIF_BRANDS or (brand in HEIF_BRANDS and others & {*AVIF_BRANDS}):
        return "avif"
    return "heif" if brand in HEIF_BRANDS else "video"


def refusal(kind: str) -> Rejected:
    statuses = {"video": Status.VIDEO, "camera raw": Status.CAMERA_RAW}
    return Rejected(statuses.get(kind, Status.NOT_A_PHOTO), WHY[kind])


def has_photo_name(path: Path) -> bool:
    """Return whether a name promises a photo; what macOS puts beside one (`._`) does not."""
    suffixes = {suffix for some in PHOTO_SUFFIXES.values() for suffix in some}
    return path.suffix.lower() in suffixes and not path.name.startswith("._")


def is_camera_raw(path: Path, tags: Mapping[int, Any]) -> bool:
    """Return whether a TIFF file with these tags is a camera's: its first image is reduced."""
    is_preview = tags.get(NEW_SUBFILE_TYPE, 0) & 1 and SUB_IFDS in tags
    named_raw = path.suffix.lower() in RAW_SUFFIXES
    return bool(is_preview) or DNG_VERSION in tags or named_raw


def misnamed(path: Path, kind: str) -> str:
    """Say that a photo's name promises another format than it has; empty if it does not."""
    suffix = path.suffix.lower()
    if not has_photo_name(path) or suffix in PHOTO_SUFFIXES.get(kind, (suffix,)):
        return ""
    return f"{kind}, though its name ends in {suffix}"


def _is_text(start: bytes) -> bool:
    if start.startswith(ANYMAPS):
        return False
    return bool(start) and all(
        byte in b"\t\n\r\f" or 32 <= byte < 127 for byte in start
    )
