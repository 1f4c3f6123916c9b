from io import BytesIO

import numpy as np
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.data import csv_files

RANDOM = np.random.default_rng(42)
PIXELS = RANDOM.integers(0, 256, (5, 48, 48)).astype(np.uint8)
LABELS = [0, 6, 3, 4, 1]
USAGES = ["Training", "Training", "Training", "PublicTest", "PrivateTest"]


def text(image: np.ndarray) -> str:
    return " ".join(map(str, image.ravel()))


def parse(content: bytes, name: str = "a.csv") -> csv_files.Table:
    return csv_files.parse(BytesIO(content), name)


def csv(header: str = "emotion,pixels,Usage", **changed: str) -> bytes:
    """Write the five images, with the values of the third row changed."""
    lines = [header]
    for row, (label, image, usage) in enumerate(
        zip(LABELS, PIXELS, USAGES, strict=True)
    ):
        values = {"emotion": str(label), "pixels": text(image), "Usage": usage}
        values |= changed if row == 2 else {}
        lines.append(",".join(values[column.strip()] for column in header.split(",")))
    return "\n".join([*lines, ""]).encode()


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("emotion,pixels,Usage", id="fer2013.csv"),
        pytest.param("emotion, Usage, pixels", id="icml_face_data.csv"),
    ],
)
def test_both_official_forms_give_the_same_rows_in_order(header):
    pixels, labels, usages, _ = parse(csv(header), "a.csv")
    assert np.array_equal(pixels, PIXELS)
    assert pixels.dtype == labels.dtype == np.uint8
    assert labels.tolist() == LABELS
    assert usages.tolist() == USAGES


def test_a_byte_order_mark_quotes_and_line_ends_of_windows_are_no_obstacle():
    content = b"\xef\xbb\xbf" + csv().replace(b"\n", b"\r\n").replace(
        b"Training", b'"Training"'
    )
    assert parse(content, "a.csv")[2].tolist() == USAGES


@pytest.mark.parametrize("content", [b"", b"\n", b"emotion,pixels,Usage\n"])
def test_a_table_without_images_is_called_empty(content):
    with pytest.raises(InputError, match=r"a\.csv is empty"):
        parse(content, "a.csv")


@pytest.mark.parametrize("column", ["pixels", "Usage"])
def test_a_missing_column_is_named(column):
    header = ",".join({"emotion", "pixels", "Usage"} - {column})
    with pytest.raises(InputError, match=f"lacks the column `{column}`: expected"):
        parse(csv(header), "a.csv")


def test_pixels_without_labels_are_refused_as_half_of_the_pair():
    with pytest.raises(InputError, match="NO labels for its test half"):
        parse(csv("pixels"), "test.csv")


@pytest.mark.parametrize(
    ("pixels", "found"),
    [
        ("1 2 3", "3 numbers"),
        ("", "0 numbers"),
        (text(PIXELS[2]) + " 7", "2305 numbers"),
        (" ".join(["256"] * 2304), "`256`"),
        (" ".join(["7"] * 2303 + ["-1"]), "`-1`"),
        (" ".join(["7"] * 2303 + ["1.5"]), r"`1\.5`"),
        (" ".join(["7"] * 2303 + ["seven"]), "`seven`"),
        (" ".join(["7"] * 2303 + ["99999999999999999999999"]), "`9223372036854775807`"),
    ],
)
def test_pixels_of_the_wrong_number_or_range_name_their_row(pixels, found):
    message = f"a.csv, line 4: `pixels` must be 2304 whole numbers.*Got {found}"
    with pytest.raises(InputError, match=message):
        parse(csv(pixels=pixels), "a.csv")


@pytest.mark.parametrize("label", ["7", "-1", "", "happy", "3.0"])
def test_a_label_outside_the_seven_names_its_row(label):
    with pytest.raises(InputError, match=f"line 4: `emotion` .*Got `{label}`"):
        parse(csv(emotion=label), "a.csv")


def test_an_unknown_usage_names_its_row():
    with pytest.raises(InputError, match=r"line 4: `Usage` .*Got `Test`"):
        parse(csv(Usage="Test"), "a.csv")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01binary\x80,\n\x81", b'a\n"never ended']
)
def test_what_is_no_table_is_an_error(content):
    with pytest.raises(
        InputError,
        match=r"a\.csv(, line 1 holds bytes that are zero| lacks the column)",
    ):
        parse(content, "a.csv")
