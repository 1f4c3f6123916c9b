"""What `prepare` is handed instead of FER2013: each is one error, and nothing is written."""

import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fer_transfer.console.errors import InputError
from fer_transfer.data import streams
from stages import prepare
from tests.test_archives import write_folder, write_tar, write_zip

PROJECT = Path(__file__).parents[1]
PARAMS = (
    (PROJECT / "params.yaml").read_text().replace("ferplus: true", "ferplus: false")
)
PIXELS = " ".join(["7"] * 2304)
HEADER = "emotion,pixels,Usage"
ROWS = [f"{label},{PIXELS},Training" for label in range(7)]
TABLE = "\n".join([HEADER, *ROWS, ""])


def png(
    mode: str = "L", size: tuple[int, int] = (48, 48), colour: object = 90
) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, "PNG")
    return file.getvalue()


FOLDERS = {"train/sad/1.png": png(), "test/happy/2.png": png()}


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(PARAMS)
    Path("data/raw").mkdir(parents=True)
    return Path("data/raw")


def refused(raw: Path) -> str:
    """Run the stage and return its error, after a look at what it must be."""
    before = sorted(raw.rglob("*"))
    with pytest.raises(InputError) as caught:
        prepare.main()
    message = str(caught.value)
    assert len(message) < 900
    assert "\n" not in message
    assert sorted(raw.rglob("*")) == before
    assert sorted(Path().iterdir()) == [Path("data"), Path("params.yaml")]
    assert list(Path("data").iterdir()) == [raw]
    return message


def with_row(row: str) -> str:
    """Return the table with another third row: line 4 of the file."""
    return "\n".join([HEADER, *ROWS[:2], row, *ROWS[3:], ""])


def pixels(*values: object) -> str:
    """Return a row whose last pixels are these."""
    return f"3,{' '.join(['7'] * (2304 - len(values)) + [*map(str, values)])},Training"


# name: (the file, where, and what the error says of it)
BAD_TABLES: dict[str, tuple[str | bytes, str]] = {
    "no emotion column": (f"pixels,Usage\n{PIXELS},Training\n", "fer2013.csv lacks the column `emotion`: expected `emotion`, `pixels`, `Usage`, got `pixels`, `Usage`"),
    "no pixels column": ("emotion,Usage\n3,Training\n", "lacks the column `pixels`: expected"),
    "no Usage column": (f"emotion,pixels\n3,{PIXELS}\n", "lacks the column `Usage`: expected"),
    "a renamed column": (TABLE.replace("emotion", "label"), "lacks the column `emotion`: expected `emotion`, `pixels`, `Usage`, got `label`, `pixels`, `Usage`. Rename"),
    "a column in capitals": (TABLE.replace("emotion", "Emotion"), "lacks the column `emotion`"),
    "a doubled column": (TABLE.replace(HEADER, "emotion,pixels,pixels,Usage"), "has the column `pixels` more than once"),
    "no header": ("\n".join([*ROWS, ""]), "lacks the column `emotion`, `pixels`, `Usage`: expected"),
    "columns of another order in the rows": ("\n".join([HEADER, f"Training,{PIXELS},3", ""]), "line 2: `emotion` must be one of 0, 1, 2, 3, 4, 5, 6. Got `Training`"),
    "separated by semicolons": (TABLE.replace(",", ";"), "seem to be separated by ';': save it with commas"),
    "separated by tabs": (TABLE.replace(",", "\t"), r"seem to be separated by '\t': save it with commas"),
    "a row with a value too few": (with_row(f"3,{PIXELS}"), "line 4: a row must have 3 values, one per column. Got 2"),
    "a row with a value too many": (with_row(f"3,{PIXELS},Training,"), "line 4: a row must have 3 values, one per column. Got 4"),
    "a row of spaces": (with_row("   "), "line 4: a row must have 3 values, one per column. Got 1"),
    "no rows": (HEADER + "\n", "fer2013.csv is empty: it holds no image"),
    "nothing": ("", "fer2013.csv is empty: it holds no image"),
    "empty lines": ("\n\n\n", "fer2013.csv is empty: it holds no image"),
    "no pixels": (with_row("3,,Training"), "line 4: `pixels` must be 2304 whole numbers from 0 to 255 with spaces between. Got 0 numbers"),
    "a pixel too few": (with_row(f"3,{' '.join(['7'] * 2303)},Training"), "line 4: `pixels` must be 2304 whole numbers from 0 to 255 with spaces between. Got 2303 numbers"),
    "a pixel too many": (with_row(f"3,{PIXELS} 7,Training"), "Got 2305 numbers"),
    "a pixel of 256": (with_row(pixels(256)), "line 4: `pixels` must be 2304 whole numbers from 0 to 255 with spaces between. Got `256`"),
    "a pixel beyond 64 bits": (with_row(pixels("9" * 40)), "line 4: `pixels` must be"),
    "a negative pixel": (with_row(pixels(-1)), "Got `-1`"),
    "a pixel with a fraction": (with_row(pixels(1.5)), "Got `1.5`"),
    "a pixel as a power": (with_row(pixels("1e2")), "Got `1e2`"),
    "a pixel as a word": (with_row(pixels("seven")), "Got `seven`"),
    "a pixel that is not a number": (with_row(pixels("nan")), "Got `nan`"),
    "pixels in hexadecimal": (with_row(pixels("0x07")), "Got `0x07`"),
    "pixels in Arabic digits": (with_row(pixels("٧")), "Got `٧`"),
    "pixels separated by semicolons": (with_row(f"3,{PIXELS.replace(' ', ';')},Training"), "line 4: `pixels` must be"),
    "pixels over two lines": (with_row(f'3,"{PIXELS[:2303]}\n{PIXELS[2304:]}",Training'), "line 5: `pixels` must be"),
    "pixels as a list": (with_row(f'3,"[{PIXELS.replace(" ", ", ")}]",Training'), "line 4: `pixels` must be"),
    "a label as a word": (with_row(f"happy,{PIXELS},Training"), "line 4: `emotion` must be one of 0, 1, 2, 3, 4, 5, 6. Got `happy`"),
    "a label of 7": (with_row(f"7,{PIXELS},Training"), "Got `7`"),
    "a negative label": (with_row(f"-1,{PIXELS},Training"), "Got `-1`"),
    "an empty label": (with_row(f",{PIXELS},Training"), "Got ``"),
    "a label with a fraction": (with_row(f"3.0,{PIXELS},Training"), "Got `3.0`"),
    "a label without end": (with_row(f"{'3' * 500},{PIXELS},Training"), f"Got `{'3' * 40}...`"),
    "an unknown usage": (with_row(f"3,{PIXELS},Test"), "line 4: `Usage` must be one of Training, PublicTest, PrivateTest. Got `Test`"),
    "an empty usage": (with_row(f"3,{PIXELS},"), "`Usage` must be one of"),
    "a quote without end": (with_row(f'3,"{PIXELS},Training'), "is not a row of a CSV file"),
    "a quote inside": (with_row(f'3,"{PIXELS}"7,Training'), "line 4 is not a row of a CSV file"),
    "a quote at the end": (f'{HEADER}\n3,{PIXELS},"Training', "line 2 is not a row of a CSV file: unexpected end of data"),
    "line ends of an old Mac": (TABLE.replace("\n", "\r"), "is not a row of a CSV file"),
    "one long line": ("\n".join([HEADER, " ".join([PIXELS] * 20), ""]), "line 2 is longer than 65,536 bytes"),
    "NUL bytes": (with_row(pixels("7\0")), "line 4 holds bytes that are zero"),
    "nothing but NUL bytes": (b"\0" * 5_000, "line 1 holds bytes that are zero"),
    "text in UTF-16": (TABLE.encode("utf-16"), "line 1 holds bytes that are zero"),
    "text in Latin-1": (with_row(f"3,{PIXELS},Entraînement").encode("latin-1"), "line 4 is not a CSV file that can be read: its bytes are no text in UTF-8"),
    "not text at all": (b"\x89\xff\xfe\x80\x81" * 50, "line 1 is not a CSV file that can be read"),
    "a picture": (png(), "line 1 is not a CSV file that can be read"),
    "a page": ("<!DOCTYPE html><title>Log in</title>", "lacks the column `emotion`, `pixels`, `Usage`: expected `emotion`, `pixels`, `Usage`, got `<!DOCTYPE html>"),
    "a pickle": (b"\x80\x04\x95\x10\x00\x00\x00.", "is a pickle, which could run any program when it is read"),
    "test.csv of the pair": (f"pixels\n{PIXELS}\n", "has no column `emotion`. Kaggle's train.csv/test.csv pair has NO labels"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_table_that_is_not_fer2013s_is_one_error_that_says_where(raw, name):
    content, message = BAD_TABLES[name]
    content = content if isinstance(content, bytes) else content.encode()
    (raw / "fer2013.csv").write_bytes(content)
    error = refused(raw)
    assert error.startswith("data/raw/fer2013.csv")
    assert message in error


GOOD_TABLES = {
    "a mark of UTF-8": b"\xef\xbb\xbf" + TABLE.encode(),
    "line ends of Windows": TABLE.replace("\n", "\r\n").encode(),
    "no line end at the end": TABLE.strip().encode(),
    "empty lines between": TABLE.replace("\n", "\n\n").encode(),
    "all in quotes": "\n".join(",".join(f'"{value}"' for value in row.split(",")) for row in TABLE.split("\n")[:-1]).encode(),
    "columns in another order": "\n".join(",".join(row.split(",")[::-1]) for row in TABLE.split("\n")[:-1]).encode(),
    "spaces in the header": TABLE.replace(HEADER, " emotion , pixels, Usage").encode(),
    "a column more": "\n".join(f"{number},{row}" for number, row in enumerate(TABLE.split("\n")[:-1])).encode(),
    "two spaces between pixels": TABLE.replace(" 7", "  7").encode(),
    "zeros before the numbers": TABLE.replace(" 7", " 007").encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD_TABLES)
def test_a_table_written_otherwise_is_the_same_table(raw, name):
    (raw / "fer2013.csv").write_bytes(GOOD_TABLES[name])
    prepare.main()
    written = Path("data/faces/images.npy").read_bytes()
    (raw / "fer2013.csv").write_text(TABLE)
    prepare.main()
    assert Path("data/faces/images.npy").read_bytes() == written


def file(content: bytes, name: str = "fer2013.csv") -> Callable[[Path], object]:
    return lambda raw: (raw / name).write_bytes(content)


def archive(
    contents: dict[str, bytes], write: Callable = write_zip
) -> Callable[[Path], object]:
    return lambda raw: write(raw / "fer2013.archive", contents)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    spoilt = bytearray(content)
    spoilt[len(content) // 2] ^= 0x55
    return bytes(spoilt)


def zipped(
    contents: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as made:
        for name, content in contents.items():
            made.writestr(name, content)
    return packed.getvalue()


def tarred(contents: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as made:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def special(kind: bytes, **attributes: object) -> Callable[[Path], object]:
    entry = tarfile.TarInfo("fer2013.csv")
    entry.type, entry.linkname = kind, "/etc/passwd"
    for name, value in attributes.items():
        setattr(entry, name, value)

    def write(raw: Path) -> None:
        with tarfile.open(raw / "fer2013.tar", "w") as made:
            made.addfile(entry)

    return write


def linked_in_zip(raw: Path) -> None:
    entry = zipfile.ZipInfo("fer2013.csv")
    entry.external_attr = 0o120777 << 16
    (raw / "fer2013.zip").write_bytes(zipped({}))
    with zipfile.ZipFile(raw / "fer2013.zip", "w") as made:
        made.writestr(entry, "/etc/passwd")


def doubled_in_zip(raw: Path) -> None:
    with zipfile.ZipFile(raw / "fer2013.zip", "w") as made:
        made.writestr("fer2013.csv", TABLE)
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("fer2013.csv", TABLE)


def encrypted_zip(raw: Path) -> None:
    content = bytearray(zipped({"fer2013.csv": TABLE.encode()}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1  # the flag of encryption
    (raw / "fer2013.zip").write_bytes(content)


def zip_without_a_name() -> bytes:
    return zipped({"?.csv": TABLE.encode()}).replace(b"?.csv", b"\0.csv")


def zip_with_another_length_of_name() -> bytes:
    content = bytearray(zipped({"fer2013.csv": os.urandom(9_000)}))
    content[26:28] = struct.pack("<H", 4_000)  # in the member's own header
    return bytes(content)


def tar_with_a_damaged_header() -> bytes:
    content = bytearray(tarred({"a.csv": TABLE.encode(), "README": b"read me"}))
    content[content.index(b"README") + 1] ^= 1
    return bytes(content)


def long_header(content_type: bytes) -> bytes:
    """Return a tar whose first header says that a name of 8 GB follows."""
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = content_type, 8_000_000_000
    return entry.tobuf(tarfile.GNU_FORMAT)


ZEROS = b"0" * (100 << 20)  # a hundred million of the same shrink to next to nothing
BOMB = "\n".join([HEADER, *ROWS * 50]).encode()
# name: (what is in data/raw, message)
BAD_ARCHIVES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a cut xz": (file(cut(lzma.compress(os.urandom(9_000))), "fer2013.csv.xz"), "fer2013.csv.xz is damaged or not complete"),
    "a cut gz": (file(cut(gzip.compress(os.urandom(9_000))), "fer2013.csv.gz"), "fer2013.csv.gz is damaged or not complete"),
    "a cut bz2": (file(cut(bz2.compress(os.urandom(9_000))), "fer2013.csv.bz2"), "fer2013.csv.bz2 is damaged or not complete"),
    "a cut zip": (file(cut(zipped({"a.csv": os.urandom(9_000)})), "fer2013.zip"), "fer2013.zip is damaged or not complete"),
    "a cut tar": (file(cut(tarred({"a.csv": os.urandom(19_000)})), "fer2013.tar"), "fer2013.tar is damaged or not complete"),
    "a cut tar.gz": (file(cut(gzip.compress(tarred({"a.csv": os.urandom(9_000)}))), "fer2013.tar.gz"), "fer2013.tar.gz is damaged or not complete"),
    "a tar cut between two members": (file(tarred(FOLDERS)[: 2 * 1024], "fer2013.tar"), "fer2013.tar is damaged or not complete"),
    "a tar with a damaged header": (file(tar_with_a_damaged_header(), "fer2013.tar"), "fer2013.tar is damaged or not complete"),
    "an xz with a flipped byte": (file(flipped(lzma.compress(TABLE.encode()))), "fer2013.csv is damaged or not complete"),
    "a gz with a flipped byte": (file(flipped(gzip.compress(os.urandom(9_000), compresslevel=0))), "fer2013.csv is damaged or not complete"),
    "a zip with a flipped byte": (file(flipped(zipped({"fer2013.csv": TABLE.encode()}, zipfile.ZIP_STORED)), "fer2013.zip"), "fer2013.zip is damaged or not complete"),
    "a gz with something behind it": (file(gzip.compress(TABLE.encode()) + b"more"), "fer2013.csv is damaged or not complete"),
    "a zip with a password": (encrypted_zip, "fer2013.zip is damaged or not complete (File"),
    "an empty zip": (archive({}), "is empty: it holds no file"),
    "an empty folder": (lambda raw: None, "data/raw is empty: it holds no file"),
    "an empty gz": (file(gzip.compress(b"")), "fer2013.csv is empty: it holds no image"),
    "a member above": (archive({"../fer2013.csv": TABLE.encode()}), "its member `../fer2013.csv` points outside the archive"),
    "a member from the root": (archive({"/fer2013.csv": TABLE.encode()}, write_tar), "its member `/fer2013.csv` points outside the archive"),
    "a member above, for Windows": (archive({"a\\..\\..\\fer2013.csv": b""}, write_tar), "points outside the archive"),
    "a member on a drive": (archive({"C:/fer2013.csv": b""}), "points outside the archive"),
    "a member with a name without end": (archive({"a" * 2_000: b""}), "has a name without end"),
    "a member without a name": (file(zip_without_a_name()), "its member `.` has no name"),
    "a member of two names": (file(zip_with_another_length_of_name()), "is damaged or not complete (File name in directory"),
    "a member there twice": (doubled_in_zip, "it holds fer2013.csv twice"),
    "a link in a zip": (linked_in_zip, "its member `fer2013.csv` is a link or a device"),
    "a link in a tar": (special(tarfile.SYMTYPE), "its member `fer2013.csv` is a link or a device"),
    "a hard link": (special(tarfile.LNKTYPE), "is a link or a device"),
    "a character device": (special(tarfile.CHRTYPE, devmajor=1, devminor=5), "is a link or a device"),
    "a block device": (special(tarfile.BLKTYPE, devmajor=8), "is a link or a device"),
    "a pipe": (special(tarfile.FIFOTYPE), "is a link or a device"),
    "a file with holes": (special(tarfile.GNUTYPE_SPARSE), "is a link or a device"),
    "a gz bomb": (file(gzip.compress(ZEROS), "fer2013.csv.gz"), "is longer than 65,536 bytes"),
    "a gz bomb of rows": (file(gzip.compress(BOMB), "fer2013.csv.gz"), "over 100 times as many"),
    "an xz bomb of rows": (file(lzma.compress(BOMB), "fer2013.csv.xz"), "over 100 times as many"),
    "a bz2 bomb of rows": (file(bz2.compress(BOMB), "fer2013.csv.bz2"), "over 100 times as many"),
    "a zip bomb of rows": (archive({"fer2013.csv": BOMB}), "over 100 times as many"),
    "a bomb of empty lines": (file(gzip.compress(b"\n" * 300_000)), "has more than 200,000 lines"),
    "a zip bomb": (archive({f"train/sad/{n}.png": b"0" * (30 << 20) for n in range(3)} | FOLDERS), "over 100 times as many"),
    "a tar bomb": (file(gzip.compress(tarred({"README": ZEROS, **FOLDERS})), "fer2013.tar.gz"), "over 100 times as many"),
    "a tar whose header is a bomb": (file(gzip.compress(long_header(tarfile.GNUTYPE_LONGNAME) + ZEROS)), "over 100 times as many"),
    "a tar whose other header is a bomb": (file(gzip.compress(long_header(tarfile.XHDTYPE) + ZEROS)), "over 100 times as many"),
    "a table of another name beside others": (archive({"a.csv": b"", "b.csv": b""}), "holds no known format of FER2013: expected"),
    "an archive in an archive": (archive({"fer2013.zip": zipped({"fer2013.csv": TABLE.encode()})}), "holds fer2013.zip, an archive inside an archive"),
    "the pair without labels": (archive({"train.csv": b"emotion,pixels\n", "test.csv": b"pixels\n"}), "NO labels for its test half"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_an_archive_that_cannot_be_trusted_is_one_error(raw, monkeypatch, name):
    monkeypatch.setattr(streams, "SMALL", 1 << 20)
    write, message = BAD_ARCHIVES[name]
    write(raw)
    assert message in refused(raw)


def with_image(content: bytes, name: str = "train/sad/0.png") -> dict[str, bytes]:
    return {**FOLDERS, name: content}


def png_of_size(width: int, height: int) -> bytes:
    content = bytearray(png())
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


BAD_IMAGES: dict[str, tuple[dict[str, bytes], str]] = {
    "of another size": (with_image(png(size=(64, 64))), "data/raw: train/sad/0.png must be a grey image of 48x48 pixels, as FER2013's are. Got 64x64 pixels"),
    "in colour": (with_image(png("RGB", colour=(200, 10, 10))), "Got colour instead"),
    "with transparent parts": (with_image(png("LA", colour=(90, 0))), "Got transparent parts instead"),
    "of 16 bits": (with_image(png("I;16", colour=40_000)), "more than 8 bits per pixel"),
    "of 0 bytes": (with_image(b""), "data/raw: train/sad/0.png is not an image that can be read"),
    "that were cut off": (with_image(png()[:-30]), "is not an image that can be read"),
    "that are text": (with_image(b"happy"), "is not an image that can be read"),
    "that say they are huge": (with_image(png_of_size(60_000, 60_000)), "is not an image that can be read"),
    "of an unknown class": (with_image(png(), "train/contempt/0.png"), "class folder `contempt`, which names no emotion"),
    "of classes by number": (with_image(png(), "train/3/0.png"), "class folder `3`, which goes by number"),
    "of a class in a language of its own": (with_image(png(), "train/triste/0.png"), "class folder `triste`"),
    "without a class": (with_image(png(), "train/0.png"), "the image train/0.png stands outside"),
    "without a set": (with_image(png(), "sad/0.png"), "the image sad/0.png stands outside"),
    "too deep": (with_image(png(), "train/sad/more/0.png"), "the image train/sad/more/0.png stands outside"),
    "in two places": (with_image(png(), "copy/train/sad/0.png"), "in several places: ., copy"),
    "beside a text in their class": (with_image(b"notes", "train/sad/notes.txt"), "train/sad/notes.txt is not an image"),
    "of a name with a line end": (with_image(b"", "train/sad/a\nb.png"), "train/sad/a\ufffdb.png is not an image"),
}  # fmt: skip


@pytest.mark.parametrize("write", [write_folder, write_zip, write_tar])
@pytest.mark.parametrize("name", BAD_IMAGES)
def test_images_that_are_not_fer2013s_are_one_error_that_names_one(raw, name, write):
    contents, message = BAD_IMAGES[name]
    write(raw if write == write_folder else raw / "images", contents)
    message = message.replace("data/raw:", "") if write != write_folder else message
    assert message in refused(raw)


GOOD_IMAGES = {
    "hidden files": {"train/sad/.0.png": b"", ".git/x.png": b"", "train/.DS_Store": b"", "__MACOSX/train/sad/._1.png": b"", "train/sad/Thumbs.db": b""},
    "mixed case": {"Train/SAD/0.PNG": png(), "TEST/Fearful/0.Png": png()},
    "other names of the emotions": {"train/anger/0.png": png(), "train/Happiness/0.png": png()},
    "a text beside": {"README.md": b"# FER2013", "train/labels.txt": b""},
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD_IMAGES)
def test_what_lies_about_in_honest_copies_is_no_obstacle(raw, name):
    write_folder(raw, {**FOLDERS, **GOOD_IMAGES[name]})
    prepare.main()
    assert Path("data/faces/images.npy").exists()


def test_images_are_converted_where_the_user_says_so_and_counted(raw):
    write_folder(raw, with_image(png("RGB", (64, 50), (200, 10, 10))))
    Path("params.yaml").write_text(PARAMS.replace("convert: false", "convert: true"))
    prepare.main()
    assert '"converted": 1' in Path("metrics/dataset.json").read_text()


def test_a_row_of_300_mb_is_refused_in_little_memory(raw):
    """The stage may take 400 MB of addresses more than it has before it reads."""
    with (raw / "fer2013.csv").open("wb") as table:
        table.write(f"{HEADER}\n3,".encode())
        for _ in range(300):
            table.write(b"7 " * 500_000)
    code = (
        "import resource\n"
        "from stages import prepare\n"
        "from fer_transfer.console import command\n"
        "now = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "limit = now + 400_000_000\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "command.run(prepare.main)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    (raw / "fer2013.csv").unlink()
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith(
        "error: data/raw/fer2013.csv, line 2 is longer than 65,536 bytes"
    )


@pytest.mark.parametrize("name", ["no header", "a picture", "nothing"])
def test_the_command_ends_with_code_1_and_without_a_traceback(raw, name):
    content = BAD_TABLES[name][0]
    content = content if isinstance(content, bytes) else content.encode()
    (raw / "fer2013.csv").write_bytes(content)
    ended = subprocess.run(
        [sys.executable, "-m", "stages.prepare"],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert [line[:7] for line in ended.stderr.splitlines()] == ["Reading", "error: "]
