"""Copies of FER2013 that nobody made: `make fuzz` tries thousands, `make test` a few."""

import gzip
import io
import lzma
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fer_transfer.data import faces
from stages import prepare
from tests.fuzzing import is_short, mutated, result_or_message, within
from tests.test_archives import write_folder
from tests.test_bad_input import FOLDERS, HEADER, PARAMS, PIXELS, TABLE, tarred, zipped

FACE = np.tile(np.arange(0, 240, 5, dtype=np.uint8), (48, 1))


def encoded(form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(FACE).save(file, form)
    return file.getvalue()


SHORT_TABLE = TABLE.encode().replace(
    b" 7" * 2000, b""
)  # so that changes hit more than pixels
IMAGES = {form: encoded(form) for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "TGA", "PPM")}  # fmt: skip
ARCHIVES = {
    "zip": zipped({"fer2013.csv": TABLE.encode(), "README": b"read me"}),
    "zip of images": zipped({**FOLDERS, "train/fear/0.jpg": IMAGES["JPEG"]}),
    "tar": tarred({"fer2013.csv": TABLE.encode(), "README": b"read me"}),
    "tar of images": tarred({**FOLDERS, "train/fear/0.jpg": IMAGES["JPEG"]}),
    "tar.gz": gzip.compress(tarred(FOLDERS), mtime=0),
    "tar.xz": lzma.compress(tarred(FOLDERS)),
    "gz": gzip.compress(TABLE.encode(), mtime=0),
    "xz": lzma.compress(TABLE.encode()),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(PARAMS)


FILES = ("images.npy", "faces.csv", "classes.json", "votes.csv")


def prepares_whole_or_not_at_all(
    raw: dict[str, bytes], *, convert: bool = False
) -> None:
    """Run the stage on these files: what it writes is whole, or it says why and writes nothing."""
    for folder in ("data", "metrics"):
        shutil.rmtree(folder, ignore_errors=True)
    said = f"convert: {convert}".lower()
    Path("params.yaml").write_text(PARAMS.replace("convert: false", said))
    write_folder(Path("data/raw"), raw)
    with within(seconds=20):
        _, message = result_or_message(prepare.main)
    written = {path.as_posix() for path in Path().rglob("*") if path.is_file()}
    written -= {f"data/raw/{name}" for name in raw} | {"params.yaml"}
    if message:
        assert is_short(message)
        assert written == set()
    else:
        assert written == {
            *(f"data/faces/{name}" for name in FILES),
            "metrics/dataset.json",
        }
        assert faces.read_images().shape == (len(faces.read()), 48, 48)


@given(content=mutated(TABLE.encode()) | mutated(SHORT_TABLE))
def test_a_spoilt_table(project, content):
    prepares_whole_or_not_at_all({"fer2013.csv": content})


values = st.one_of(
    st.sampled_from(["3", "7", "-1", "happy", "", " 3 ", "3.0", "Training", "PublicTest", PIXELS, PIXELS[:-2], f'"{PIXELS}"', '"', "\0", "\r", "\ufeff", "٣"]),
    st.text(max_size=9),
    st.integers().map(str),
)  # fmt: skip
rows = st.lists(values, max_size=5).map(",".join)
headers = st.sampled_from([HEADER, "emotion, Usage, pixels", f"{HEADER},{HEADER}", ""])


@given(header=headers | rows, body=st.lists(rows, max_size=4), end=st.sampled_from(["\n", "\r\n", "\r", "\0"]))  # fmt: skip
def test_a_table_of_odd_values(project, header, body, end):
    text = end.join([header, *body])
    prepares_whole_or_not_at_all({"fer2013.csv": text.encode(errors="replace")})


@given(content=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\3\4", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"BZh9", b"emotion,", b"\xef\xbb\xbf"]))  # fmt: skip
def test_any_bytes(project, content, start):
    prepares_whole_or_not_at_all({"fer2013.csv": start + content})


@given(
    content=st.sampled_from(sorted(ARCHIVES)).flatmap(
        lambda name: mutated(ARCHIVES[name])
    )
)
def test_a_spoilt_archive(project, content):
    prepares_whole_or_not_at_all({"fer2013.archive": content})


@given(
    content=st.sampled_from(sorted(IMAGES)).flatmap(lambda form: mutated(IMAGES[form])),
    convert=st.booleans(),
)
@pytest.mark.filterwarnings("default")  # Pillow warns of what it repairs
def test_a_spoilt_image(project, content, convert):
    prepares_whole_or_not_at_all(
        {**FOLDERS, "train/sad/0.png": content}, convert=convert
    )


parts = st.sampled_from(["train", "Test", "val", "validation", "sad", "HAPPY", "angry", "3", "contempt", ".git", "__MACOSX", "a b", "é", "\n", "..", "fer2013.csv", "train.csv", "test.csv", "0.png", "1.JPG", "x"])  # fmt: skip
names = st.lists(parts, min_size=1, max_size=5).map("/".join)


@given(
    contents=st.dictionaries(
        names, st.sampled_from([b"", IMAGES["PNG"], SHORT_TABLE, TABLE.encode()]), max_size=6
    ),
    pack=st.sampled_from([zipped, tarred]),
)  # fmt: skip
def test_an_archive_of_odd_names(project, contents, pack):
    prepares_whole_or_not_at_all({"fer2013.archive": pack(contents)})


@given(size=st.tuples(st.integers(1, 99), st.integers(1, 99)), mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"]), form=st.sampled_from(["PNG", "JPEG", "TIFF", "WEBP"]), convert=st.booleans(), shade=st.integers(0, 255))  # fmt: skip
def test_an_image_of_any_kind(project, size, mode, form, convert, shade):
    file = io.BytesIO()
    try:
        Image.new(mode, size, shade).save(file, form)
    except (OSError, ValueError, TypeError):  # no such image can be
        return
    prepares_whole_or_not_at_all(
        {**FOLDERS, "train/sad/0.png": file.getvalue()}, convert=convert
    )
