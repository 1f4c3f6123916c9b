import struct
import zlib
from functools import partial
from io import BytesIO
from pathlib import PurePosixPath

import numpy as np
import pytest
from PIL import Image

from fer_transfer.console.errors import InputError
from fer_transfer.data import image_folders
from fer_transfer.data.archives import Member


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    file = BytesIO()
    image.save(file, form)
    return file.getvalue()


def grey(shade: int, size: int = 48) -> Image.Image:
    return Image.new("L", (size, size), shade)


def members(contents: dict[str, bytes]) -> list[Member]:
    return [
        Member(PurePosixPath(name), partial(BytesIO, content))
        for name, content in contents.items()
    ]


def copy_with(**more: bytes) -> list[Member]:
    """Return the smallest whole copy, and more files."""
    whole = {
        "train/angry/1.png": encoded(grey(1)),
        "test/angry/2.png": encoded(grey(2)),
    }
    return members(whole | more)


def test_classes_go_by_name_and_rows_by_set_emotion_and_file():
    contents = {
        "data/test/Surprised/1.png": encoded(grey(5)),
        "data/val/FEAR/1.png": encoded(grey(4)),
        "data/train/neutral/1.png": encoded(grey(3)),
        "data/train/anger/2.png": encoded(grey(2)),
        "data/train/anger/1.png": encoded(grey(1)),
        "data/README.txt": b"not an image",
    }
    pixels, labels, sets, converted = image_folders.parse(
        members(contents), "a.zip", convert=False
    )
    assert pixels[:, 0, 0].tolist() == [1, 2, 3, 4, 5]
    assert (pixels.shape, pixels.dtype) == ((5, 48, 48), np.uint8)
    assert labels.tolist() == [0, 0, 6, 2, 5]
    assert sets.tolist() == ["train", "train", "train", "val", "test"]
    assert converted == 0


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "TIFF", "PPM", "TGA"])
def test_every_lossless_format_gives_the_same_pixels(form):
    noise = np.random.default_rng(42).integers(0, 256, (48, 48)).astype(np.uint8)
    more = {"train/sad/1": encoded(Image.fromarray(noise), form)}
    pixels, labels, *_ = image_folders.parse(copy_with(**more), "a.zip", convert=False)
    assert np.array_equal(pixels[labels == 4][0], noise)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_lossy_formats_are_read_even_where_they_have_no_grey(form):
    slope = np.tile(np.arange(0, 192, 4, dtype=np.uint8), (48, 1))
    more = {"train/sad/1": encoded(Image.fromarray(slope), form)}
    pixels, labels, *_ = image_folders.parse(copy_with(**more), "a.zip", convert=False)
    assert np.abs(pixels[labels == 4][0].astype(int) - slope).max() < 10


def test_grey_saved_as_three_channels_is_still_grey():
    more = {"train/sad/1.png": encoded(grey(77).convert("RGBA"))}
    pixels, labels, *_ = image_folders.parse(copy_with(**more), "a.zip", convert=False)
    assert (pixels[labels == 4] == 77).all()


def half_transparent() -> Image.Image:
    image = grey(200).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((48, 48)))
    return image


# name: (image, what an error says of it, the grey level in its middle after conversion)
CHANGED = {
    "in colour": (Image.new("RGB", (48, 48), (200, 10, 10)), "colour", 67),
    "in colours of print": (Image.new("CMYK", (48, 48), (0, 255, 255, 0)), "colour", 76),
    "larger": (grey(90, size=64), "64x64 pixels", 90),
    "smaller": (grey(90, size=47), "47x47 pixels", 90),
    "of one pixel": (grey(90, size=1), "1x1 pixels", 90),
    "not square": (Image.new("L", (48, 96), 90), "48x96 pixels", 90),
    "transparent": (Image.new("RGBA", (48, 48), (90, 90, 90, 0)), "transparent parts", 0),
    "half transparent": (half_transparent(), "transparent parts", 100),
    "all of it": (Image.new("RGBA", (50, 48), (255, 0, 0, 0)), "50x48 pixels, colour, transparent parts", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_an_image_that_was_changed_is_refused_unless_the_user_says_convert(name):
    image, found, level = CHANGED[name]
    form = "JPEG" if image.mode == "CMYK" else "PNG"
    copy = copy_with(**{"train/sad/1.png": encoded(image, form)})
    message = (
        f"1.png must be a grey image of 48x48.*Got {found} instead.*`data.convert`"
    )
    with pytest.raises(InputError, match=message):
        image_folders.parse(copy, "a.zip", convert=False)
    pixels, labels, _, converted = image_folders.parse(copy, "a.zip", convert=True)
    assert converted == 1
    middle = pixels[labels == 4][0][24, 24]
    assert abs(int(middle) - level) <= 3


def test_images_that_need_no_conversion_are_the_same_with_it():
    noise = np.random.default_rng(42).integers(0, 256, (48, 48)).astype(np.uint8)
    copy = copy_with(**{"train/sad/1.png": encoded(Image.fromarray(noise))})
    with_it, without = (
        image_folders.parse(copy, "a.zip", convert=convert) for convert in (True, False)
    )
    assert np.array_equal(with_it[0], without[0])
    assert with_it[-1] == 0


def frames(form: str) -> bytes:
    file = BytesIO()
    grey(1).save(file, form, save_all=True, append_images=[grey(200)])
    return file.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """Return a PNG that says it is larger than it is."""
    content = bytearray(encoded(grey(1)))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


# name: (content, what an error says of it)
UNREADABLE = {
    "0 bytes": (b"", "cannot identify"),
    "text": (b"text", "cannot identify"),
    "a page": (b"<html></html>", "cannot identify"),
    "cut off in its header": (encoded(grey(1))[:60], ""),
    "cut off in its content": (encoded(Image.effect_noise((48, 48), 99))[:-600], "truncated"),
    "a JPEG that was cut off": (encoded(Image.effect_noise((48, 48), 99), "JPEG")[:-300], "truncated"),
    "16 bits": (encoded(Image.new("I;16", (48, 48), 40_000)), "more than 8 bits per pixel"),
    "32 bits": (encoded(Image.new("F", (48, 48), 0.5), "TIFF"), "more than 8 bits per pixel"),
    "an animation (GIF)": (frames("GIF"), "several frames"),
    "an animation (PNG)": (frames("PNG"), "several frames"),
    "an animation (WebP)": (frames("WEBP"), "several frames"),
    "pages (TIFF)": (frames("TIFF"), "several frames"),
    "too many pixels": (png_of_size(5_001, 5_000), "it has 5001x5000 pixels"),
    "pixels without number": (png_of_size(2**31 - 1, 2**31 - 1), ""),
    "too many bytes": (b"\0" * (image_folders.LARGEST_FILE + 1), "more than 33,554,432 bytes"),
    "a program to draw it": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 48 48\n%%EndComments\n", "cannot identify"),
}  # fmt: skip


@pytest.mark.parametrize("convert", [False, True])
@pytest.mark.parametrize("name", UNREADABLE)
def test_an_image_that_cannot_be_read_is_named(name, convert):
    content, why = UNREADABLE[name]
    message = rf"a\.zip: train/sad/1\.png is not an image that can be read \(.*{why}"
    with pytest.raises(InputError, match=message):
        image_folders.parse(
            copy_with(**{"train/sad/1.png": content}), "a.zip", convert=convert
        )


@pytest.mark.parametrize("emotion", ["contempt", "angy"])
def test_an_unknown_class_folder_is_refused(emotion):
    more = {f"train/{emotion}/1.png": encoded(grey(1))}
    with pytest.raises(InputError, match=f"class folder `{emotion}`, which names no"):
        image_folders.parse(copy_with(**more), "a.zip", convert=False)


@pytest.mark.parametrize("name", ["test/1.png", "1.png", "train/sad/more/1.jpg"])
def test_an_image_without_set_and_emotion_is_refused(name):
    with pytest.raises(InputError, match=f"the image {name} stands outside"):
        image_folders.parse(
            copy_with(**{name: encoded(grey(1))}), "a.zip", convert=False
        )


def test_two_copies_in_one_archive_are_refused():
    with pytest.raises(InputError, match=r"in several places: \., other"):
        image_folders.parse(
            copy_with(**{"other/train/sad/1.png": encoded(grey(1))}),
            "a.zip",
            convert=False,
        )
