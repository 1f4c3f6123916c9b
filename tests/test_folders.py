from io import BytesIO
from pathlib import PurePosixPath

import numpy as np
import pytest
from PIL import Image

from stages.lib import folders
from stages.lib.archives import Member
from stages.lib.console import InputError


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    file = BytesIO()
    image.save(file, form)
    return file.getvalue()


def grey(shade: int, size: int = 48) -> Image.Image:
    return Image.new("L", (size, size), shade)


def members(contents: dict[str, bytes]) -> list[Member]:
    return [
        Member(PurePosixPath(name), lambda content=content: content)
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
    pixels, labels, sets = folders.parse(members(contents), "a.zip")
    assert pixels[:, 0, 0].tolist() == [1, 2, 3, 4, 5]
    assert (pixels.shape, pixels.dtype) == ((5, 48, 48), np.uint8)
    assert labels.tolist() == [0, 0, 6, 2, 5]
    assert sets.tolist() == ["train", "train", "train", "val", "test"]


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "TIFF", "PPM", "TGA"])
def test_every_lossless_format_gives_the_same_pixels(form):
    noise = np.random.default_rng(42).integers(0, 256, (48, 48)).astype(np.uint8)
    more = {"train/sad/1": encoded(Image.fromarray(noise), form)}
    pixels, labels, _ = folders.parse(copy_with(**more), "a.zip")
    assert np.array_equal(pixels[labels == 4][0], noise)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_lossy_formats_are_read_even_where_they_have_no_grey(form):
    slope = np.tile(np.arange(0, 192, 4, dtype=np.uint8), (48, 1))
    more = {"train/sad/1": encoded(Image.fromarray(slope), form)}
    pixels, labels, _ = folders.parse(copy_with(**more), "a.zip")
    assert np.abs(pixels[labels == 4][0].astype(int) - slope).max() < 10


def test_grey_saved_as_three_channels_is_still_grey():
    more = {"train/sad/1.png": encoded(grey(77).convert("RGBA"))}
    pixels, labels, _ = folders.parse(copy_with(**more), "a.zip")
    assert (pixels[labels == 4] == 77).all()


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (Image.new("RGB", (48, 48), (200, 10, 10)), "48x48 pixels, RGB, in colour"),
        (grey(1, size=64), "64x64 pixels, L"),
        (Image.new("I;16", (48, 48), 40_000), "48x48 pixels, I;16"),
    ],
)
def test_an_image_in_colour_or_of_another_size_is_refused(image, found):
    more = {"train/sad/1.png": encoded(image)}
    message = f"a.zip: train/sad/1.png must be a grey image of 48x48.*Got {found}"
    with pytest.raises(InputError, match=message):
        folders.parse(copy_with(**more), "a.zip")


@pytest.mark.parametrize("content", [b"", b"text", encoded(grey(1))[:60]])
def test_a_file_that_is_no_image_is_named(content):
    with pytest.raises(InputError, match=r"train/sad/1\.png is not an image"):
        folders.parse(copy_with(**{"train/sad/1.png": content}), "a.zip")


@pytest.mark.parametrize("emotion", ["contempt", "3", "angy"])
def test_an_unknown_class_folder_is_refused(emotion):
    more = {f"train/{emotion}/1.png": encoded(grey(1))}
    with pytest.raises(InputError, match=f"class folder `{emotion}`, which names no"):
        folders.parse(copy_with(**more), "a.zip")


@pytest.mark.parametrize("name", ["test/1.png", "1.png", "train/sad/more/1.jpg"])
def test_an_image_without_set_and_emotion_is_refused(name):
    with pytest.raises(InputError, match=f"the image {name} stands outside"):
        folders.parse(copy_with(**{name: encoded(grey(1))}), "a.zip")


def test_a_copy_without_its_test_images_is_refused():
    only = members({"train/sad/1.png": encoded(grey(1))})
    with pytest.raises(InputError, match="no images in test/"):
        folders.parse(only, "a.zip")


def test_two_copies_in_one_archive_are_refused():
    with pytest.raises(InputError, match=r"in several places: \., other"):
        folders.parse(copy_with(**{"other/train/sad/1.png": encoded(grey(1))}), "a.zip")
