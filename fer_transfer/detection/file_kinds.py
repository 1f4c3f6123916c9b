"""What a file is, by its first bytes: enough to say why it is not read."""

from pathlib import Path

from fer_transfer.detection.status import Rejected, Status

ENOUGH = 32  # bytes

PHOTO_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "MPO": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "HEIF": (".heic", ".heif", ".hif", ".avif"),
}

HEIF = ("heif",)
REFUSED = ("video", "pdf", "archive", "text")

# Brands of the ISO media format that are still images.
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")

STARTS = {
    b"%PDF": "pdf",
    b"PK\x03\x04": "archive",
    b"\x1f\x8b": "archive",
    b"\x1aE\xdf\xa3": "video",  # Matroska and WebM
    b"\x00\x00\x01\xba": "video",  # MPEG
    b"\x00\x00\x01\xb3": "video",
    b"FLV": "video",
    b"0&\xb2u": "video",  # Windows Media
}

# How PBM, PGM and PPM begin, whose headers are text.
ANYMAPS = tuple(f"P{number}".encode() for number in range(1, 7))

WHY = {
    "video": "videos are not read: take pictures from it, `ffmpeg -i FILE -r 1 %04d.jpg`",
    "pdf": "a PDF is not read: take the pictures out, `pdfimages -all FILE photo`",
    "archive": "an archive is not read: unpack it and give the folder",
    "text": "its content is text",
}


def kind_of(start: bytes) -> str:
    """Tell what a file is by its first bytes; empty where Pillow is to see.

    >>> kind_of(bytes(4) + b"ftypisom")
    'video'
    >>> kind_of(b"%PDF-1.7")
    'pdf'
    """
    if start[4:8] == b"ftyp":
        return "heif" if start[8:12] in HEIF_BRANDS else "video"
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "video"
    for beginning, kind in STARTS.items():
        if start.startswith(beginning):
            return kind
    return "text" if _is_text(start) else ""


def refusal(kind: str) -> Rejected:
    status = Status.VIDEO if kind == "video" else Status.NOT_A_PHOTO
    return Rejected(status, WHY[kind])


def has_photo_name(path: Path) -> bool:
    """Return whether a name promises a photo; what macOS puts beside one (`._`) does not."""
    suffixes = {suffix for some in PHOTO_SUFFIXES.values() for suffix in some}
    return path.suffix.lower() in suffixes and not path.name.startswith("._")


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
