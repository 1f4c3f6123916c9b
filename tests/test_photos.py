import os
import struct
import sys
import zlib

import numpy as np
import photo_files
import pillow_heif
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fer_transfer.detection import photos
from fer_transfer.detection.photos import is_fer2013_crop, read_photo
from fer_transfer.detection.status import Rejected, Status

RAMP = photo_files.ramp()
EXIF_ORIENTATION = 0x0112


def read(path, content, *, named=True):
    return read_photo(photo_files.write(path, content), named=named)


def rejection(path, content, *, named=True):
    with pytest.raises(Rejected) as caught:
        read(path, content, named=named)
    return caught.value


@pytest.mark.parametrize("kind", [name for name in photos.FORMATS if name != "HEIF"])
def test_a_photo_is_read_as_rgb(tmp_path, kind):
    photo = read(tmp_path / "x", photo_files.encoded(RAMP, kind))
    assert photo.pixels.shape == (40, 60, 3)
    assert photo.pixels.dtype == np.uint8
    assert np.abs(photo.pixels.astype(int) - np.asarray(RAMP)).mean() < 6
    assert photo.note == ""


def test_a_photo_is_seen_as_it_is_displayed(tmp_path):
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6  # a phone that was held upright
    stored = RAMP.transpose(Image.Transpose.ROTATE_90)
    content = photo_files.encoded(stored, "TIFF", exif=exif)
    assert np.array_equal(read(tmp_path / "x", content).pixels, RAMP)


def test_damaged_exif_data_leaves_the_photo_as_stored(tmp_path):
    exif = b"Exif\0\0II*\0" + b"\xff" * 20
    content = photo_files.encoded(RAMP, "JPEG", exif=exif)
    assert read(tmp_path / "x.jpg", content).pixels.shape == (40, 60, 3)


MODES = {
    "1": (RAMP.convert("1"), "PNG"),
    "CMYK": (RAMP.convert("CMYK"), "JPEG"),
    "YCbCr": (RAMP.convert("YCbCr"), "TIFF"),
    "float": (
        Image.fromarray(np.linspace(0, 1, 2400, dtype="f4").reshape(40, 60)),
        "TIFF",
    ),
}


@pytest.mark.parametrize("name", MODES)
def test_every_kind_of_pixel_becomes_rgb(tmp_path, name):
    image, kind = MODES[name]
    pixels = read(tmp_path / "x", photo_files.encoded(image, kind)).pixels
    assert (pixels.shape, pixels.dtype) == ((40, 60, 3), np.uint8)


@pytest.mark.parametrize(
    ("type_", "bits"), [("u2", 8), ("u2", 10), ("i4", 12), ("f4", 14), ("u2", 16)]
)
def test_levels_of_fewer_bits_than_the_file_has_are_not_black(tmp_path, type_, bits):
    levels = np.linspace(0, 2**bits - 1, 2400).reshape(40, 60).round().astype(type_)
    content = photo_files.encoded(Image.fromarray(levels), "TIFF")
    photo = read(tmp_path / "x", content)
    assert np.array_equal(photo.pixels[..., 0], levels.astype(int) >> (bits - 8))
    note = f"grey levels up to {2**bits - 1}: read as {bits} bits"
    assert photo.note == (note if bits < 16 else "")


def test_a_fraction_slightly_above_1_is_white_and_leaves_the_others(tmp_path):
    levels = np.array([[0.5, 1.02]] * 8, "f4")
    content = photo_files.encoded(Image.fromarray(levels), "TIFF")
    assert read(tmp_path / "x", content).pixels[0, :, 0].tolist() == [127, 255]


@pytest.mark.parametrize("highest", [70_000, -1], ids=["above 16 bits", "negative"])
def test_levels_that_no_16_bits_hold_are_refused(tmp_path, highest):
    levels = np.full((40, 60), highest, dtype="i4")
    content = photo_files.encoded(Image.fromarray(levels), "TIFF")
    assert "outside 0 to 65535" in rejection(tmp_path / "x", content).reason


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_white(tmp_path, mode):
    content = photo_files.encoded(Image.new(mode, (8, 8)), "PNG")
    assert (read(tmp_path / "x.png", content).pixels == 255).all()


def test_of_several_images_the_first_is_read_and_that_is_said(tmp_path):
    others = [RAMP.rotate(180)]
    content = photo_files.encoded(RAMP, "TIFF", save_all=True, append_images=others)
    photo = read(tmp_path / "x", content)
    assert photo.note == "the first of 2 images"
    assert np.array_equal(photo.pixels, RAMP)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_truncated_photo_is_damaged(tmp_path, kind, share):
    image = Image.effect_noise((64, 64), 90).convert("RGB")
    content = photo_files.encoded(image, kind)
    cut = rejection(tmp_path / "x", content[: int(share * len(content))])
    assert cut.status in (Status.DAMAGED, Status.NOT_A_PHOTO)


def png_header(width, height):
    """Return a PNG that promises more than it holds."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (
        chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize(
    ("width", "height"), [(12_001, 10_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_bomb_is_too_large_before_it_is_unpacked(tmp_path, width, height):
    bomb = rejection(tmp_path / "x.png", png_header(width, height))
    assert bomb.status == Status.TOO_LARGE
    assert "at most 120,000,000 pixels" in bomb.reason


def test_text_that_unpacks_without_end_is_refused(tmp_path):
    text = PngInfo()
    text.add_text("comment", "x" * 3_000_000, zip=True)
    content = photo_files.encoded(RAMP, "PNG", pnginfo=text)
    assert rejection(tmp_path / "x.png", content).status == Status.DAMAGED


VIDEOS = {
    "mp4": bytes(4) + b"ftypisom" + bytes(40),
    "old quicktime": b"\0\0\0\x08wide" + bytes(40),
    "avi": b"RIFF" + bytes(4) + b"AVI LIST" + bytes(40),
    "webm": b"\x1aE\xdf\xa3" + bytes(40),
    "mpeg": b"\x00\x00\x01\xba" + bytes(40),
    "transport stream": b"G@\x11\x10" + bytes(40),
    "avchd": bytes(4) + b"G@\x11\x10" + bytes(40),
    "ogg": b"OggS" + bytes(25) + b"theora" + bytes(40),
}


RAW = dict.fromkeys(
    ("cr3", "cr2", "raf", "nef", "dng", "arw"), photo_files.encoded(RAMP, "TIFF")
)


OTHERS = {
    "text": b"Dear diary, today we took no photo.",
    # Pillow would run Ghostscript on it.
    "postscript": photo_files.encoded(RAMP, "EPS"),
    "like quicktime": b"The free world",
    "vorbis": b"OggS" + bytes(25) + b"vorbis" + bytes(40),
    "audio": bytes(4) + b"ftypM4A " + bytes(40),
}
EMPTY = {"empty": b""}
KINDS = {
    **dict.fromkeys(VIDEOS, (Status.VIDEO, "ffmpeg")),
    **dict.fromkeys(RAW, (Status.CAMERA_RAW, "darktable-cli")),
    **dict.fromkeys(OTHERS, (Status.NOT_A_PHOTO, "")),
    **dict.fromkeys(EMPTY, (Status.EMPTY, "copy it again")),
}


def test_a_jpeg_whose_first_length_reads_as_a_transport_stream_is_a_photo(tmp_path):
    start, *rest = photo_files.encoded(RAMP, "JPEG").partition(b"\xff\xd8")[1:]
    content = start + b"\xff\xe1G@" + bytes(0x4740 - 2) + b"".join(rest)
    assert read(tmp_path / "x", content).pixels.shape == (40, 60, 3)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_not_a_photo_is_called_what_it_is(tmp_path, name):
    status, hint = KINDS[name]
    suffix = name if name in RAW else "jpg"
    content = {**VIDEOS, **RAW, **OTHERS, **EMPTY}[name]
    rejected = rejection(tmp_path / f"x.{suffix}", content, named=False)
    assert rejected.status == status
    assert hint in rejected.reason


def test_a_cameras_tiff_is_told_by_its_tags_whatever_its_name(tmp_path):
    content = photo_files.encoded(RAMP, "TIFF", tiffinfo={50706: bytes([1, 4, 0, 0])})
    assert rejection(tmp_path / "photo.3fr", content).status == Status.CAMERA_RAW


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.bin", OTHERS["text"]),
        ("._x.jpg", b"\x00\x05\x16\x07" + bytes(100)),  # of macOS
        (".nomedia", b""),  # of Android
    ],
)
def test_what_lies_in_a_folder_and_is_no_photo_is_skipped(tmp_path, name, content):
    skipped = rejection(tmp_path / name, content, named=False)
    assert skipped.status == Status.SKIPPED
    assert not skipped.status.failed


def test_heic_without_its_package_names_it(tmp_path, monkeypatch):
    monkeypatch.setattr(photos, "find_spec", lambda name: None)
    heic = rejection(tmp_path / "x.heic", bytes(4) + b"ftypheic" + bytes(40))
    assert heic.status == Status.NEEDS_PACKAGE
    assert f"{sys.executable} -m pip install pillow-heif" in heic.reason


def test_heic_is_read_with_its_package(tmp_path):
    pillow_heif.register_heif_opener()
    photo = read(tmp_path / "x.heic", photo_files.encoded(RAMP, "HEIF", quality=90))
    assert photo.pixels.shape == (40, 60, 3)


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "x.jpg")
    with pytest.raises(Rejected, match="a pipe or a device"):
        read_photo(tmp_path / "x.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_photo_that_may_not_be_read_says_so(tmp_path):
    path = photo_files.write(tmp_path / "x.jpg", photo_files.encoded(RAMP, "JPEG"))
    path.chmod(0)
    with pytest.raises(Rejected, match="see its permissions"):
        read_photo(path)


def test_only_a_grey_image_of_48x48_is_taken_for_one_of_fer2013():
    face = np.repeat(photo_files.drawn_faces(1)[0][..., None], 3, axis=2)
    assert is_fer2013_crop(face)
    assert not is_fer2013_crop(face[:47])
    coloured = face.copy()
    coloured[0, 0, 0] ^= 1
    assert not is_fer2013_crop(coloured)
