"""Sources that nobody made: `make fuzz` tries thousands, `make test` a few."""

import gzip
import lzma
import shutil
from pathlib import Path

import pytest
import sources
from fuzzing import mutated, result_or_message, within
from hypothesis import given
from hypothesis import strategies as st
from sources import HEADER, csv_row, encoded, face, tarred

from fer_transfer.data import faces

CSV = (HEADER + csv_row()).encode()
SHORT_CSV = CSV.replace(b" 7" * 30, b"")  # so that changes hit more than pixels
FOLDERS = {f"{name}/1.png": encoded(face(n)) for n, name in enumerate(("happy", "sad"))}
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
IMAGES = {kind: encoded(face(9), kind) for kind in FORMATS}
ARCHIVES = {
    "zip": sources.zipped({"fer2013.csv": CSV, "README": b"read me"}),
    "zip of images": sources.zipped(FOLDERS),
    "tar of images": tarred(FOLDERS),
    "tar.gz": gzip.compress(tarred(FOLDERS), mtime=0),
    "gz": gzip.compress(CSV, mtime=0),
    "xz": lzma.compress(CSV),
}
MANIFEST = "path,label,person,part,left,top,width,height\n"


def reads_whole_or_not_at_all(source: Path, **data: object) -> None:
    """Read a source: what is written is whole, or an error says why and nothing is written."""
    for folder in ("data", "metrics"):
        shutil.rmtree(folder, ignore_errors=True)
    with within(seconds=20):
        _, message = result_or_message(lambda: sources.read(str(source), **data))
    assert len(message) < 2_000
    assert Path("metrics/dataset.json").exists() != bool(message)
    if not message:
        assert len(faces.read()) == len(faces.read_images()) > 0


def reads_file(project: Path, name: str, content: bytes) -> None:
    reads_whole_or_not_at_all(sources.write_files(project, {name: content}) / name)


def reads_folder(project: Path, content: dict[str, bytes], **data: object) -> None:
    shutil.rmtree(project / "source", ignore_errors=True)
    folder = sources.write_files(project / "source", content)
    reads_whole_or_not_at_all(folder, **data)


@given(content=mutated(CSV) | mutated(SHORT_CSV))
def test_a_spoilt_csv_file(project, content):
    reads_file(project, "fer2013.csv", content)


PIXELS = csv_row().split(",")[1]
values = st.sampled_from(["3", "-1", "happy", "", " 3 ", "3.0", "Training", "a.jpg", PIXELS, PIXELS[:-2], f'"{PIXELS}"', '"', "\0", "\r", "\ufeff", "٣", "../x", "nan"]) | st.text(max_size=9)  # fmt: skip
rows = st.lists(values, max_size=8).map(",".join)
headers = st.sampled_from(
    [HEADER, "emotion, Usage, pixels", MANIFEST, "path;label", ""]
)


@given(header=headers | rows, body=st.lists(rows, max_size=4), end=st.sampled_from(["\n", "\r\n", "\r", "\0"]))  # fmt: skip
def test_a_csv_file_of_odd_values(project, header, body, end):
    text = end.join([header.strip(), *body]).encode(errors="replace")
    reads_folder(project, FOLDERS | {"list.csv": text, "a.jpg": FOLDERS["sad/1.png"]})


@given(content=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\3\4", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"BZh9", b"emotion,", b"\xef\xbb\xbf"]))  # fmt: skip
def test_any_bytes(project, content, start):
    reads_file(project, "fer2013.csv", start + content)


@given(content=st.sampled_from(sorted(ARCHIVES)).flatmap(lambda name: mutated(ARCHIVES[name])))  # fmt: skip
def test_a_spoilt_archive(project, content):
    reads_file(project, "faces.archive", content)


@given(content=st.sampled_from(FORMATS).flatmap(lambda kind: mutated(IMAGES[kind])), convert=st.booleans())  # fmt: skip
@pytest.mark.filterwarnings("default")  # Pillow warns of what it repairs
def test_a_spoilt_image(project, content, convert):
    reads_folder(project, FOLDERS | {"sad/0.png": content}, convert=convert)


parts = st.sampled_from(["train", "Test", "val", "sad", "HAPPY", "3", "bored", ".git", "__MACOSX", "a b", "é", "e\u0301", "\n", "..", "fer2013.csv", "list.csv", "0.png", "x"])  # fmt: skip
names = st.lists(parts, min_size=1, max_size=5).map("/".join)


@given(
    members=st.dictionaries(
        names, st.sampled_from([b"", IMAGES["PNG"], SHORT_CSV, CSV]), max_size=6
    )
)
def test_an_archive_of_odd_names(project, members):
    reads_file(project, "faces.archive", sources.zipped(members))
