import json
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.core import files


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "folder" / "file"
    with files.atomic_write(path) as part:
        part.write_text("old")
    with suppress(ZeroDivisionError), files.atomic_write(path) as part:
        part.write_text("half of the ne")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "evil.npz", a=np.array([object()]))
    with pytest.raises(InputError, match="allow_pickle=False"):
        files.read_npz(tmp_path / "evil.npz")


def test_json_keeps_order_and_six_digits(tmp_path):
    files.write_json(
        tmp_path / "a.json", {"z": 1 / 3, "a": [2, None], "tiny": 1e-19 / 3}
    )
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == {"z": 0.333333, "a": [2, None], "tiny": 3.33333e-20}
    assert text.index("z") < text.index("a")
    assert text.endswith("}\n")


def test_json_takes_no_number_that_is_none(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


def test_float32_survives_a_table(tmp_path):
    column = np.random.default_rng(0).random(100, np.float32)
    files.write_csv(tmp_path / "a.csv", pd.DataFrame({"loss": column.astype(float)}))
    back = files.read_csv(tmp_path / "a.csv")["loss"].to_numpy(np.float32)
    assert np.array_equal(back, column)


def npz_with_one_flipped_byte(tmp_path) -> bytes:
    files.write_npz(tmp_path / "a.npz", {"a": np.arange(1000)})
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[4000] ^= 1
    return bytes(content)


def one_array(tmp_path) -> bytes:
    np.save(tmp_path / "a.npy", np.arange(3))
    return (tmp_path / "a.npy").read_bytes()


@pytest.mark.parametrize("number", [0, 100, 101])
def test_codes_are_read_as_they_were_written(tmp_path, number):
    codes = np.arange(number, dtype=np.uint8) % 7
    files.write_codes(tmp_path / "codes.txt", codes)
    read = files.read_codes(tmp_path / "codes.txt")
    assert read.dtype == np.uint8
    assert np.array_equal(read, codes)
    lines = (tmp_path / "codes.txt").read_text().splitlines()
    assert [len(line) for line in lines[:-1]] == [100] * ((number - 1) // 100)


# name: (reader, content)
DAMAGED = {
    "arrays with a flipped byte": (files.read_npz, npz_with_one_flipped_byte),
    "arrays that were cut off": (files.read_npz, lambda path: npz_with_one_flipped_byte(path)[:900]),
    "arrays that are one": (files.read_npz, one_array),
    "arrays that are text": (files.read_npz, b"text"),
    "JSON that was cut off": (files.read_json, b'{"a": 1'),
    "JSON that is no text": (files.read_json, b"\xff\xfe\x80"),
    "codes with a letter": (files.read_codes, b"0123x\n"),
    "codes that are no text": (files.read_codes, b"01\xff\n"),
    "a table that is no text": (files.read_csv, b"a,b\n\xff\xfe,\x80\n"),
    "a table with a row too long": (files.read_csv, b"a,b\n1,2\n1,2,3\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, name):
    reader, content = DAMAGED[name]
    path = tmp_path / "file"
    path.write_bytes(content(tmp_path) if callable(content) else content)
    with pytest.raises(InputError, match=r"file is damaged.*Remove it and run `dvc re"):
        reader(path)


def test_an_npz_has_the_same_bytes_with_every_version_of_python(tmp_path):
    """Python 3.11.2, Debian 12's, writes other zip headers than 3.11.7, 3.12 and 3.13."""
    arrays = {"a": np.arange(10), "b": np.ones((3, 4), np.float32)}
    files.write_npz(tmp_path / "x.npz", arrays)
    assert files.digest(tmp_path / "x.npz", "md5") == "f68b2326df83d5ed89f2bc9138a39ff0"
    read = files.read_npz(tmp_path / "x.npz")
    assert all(np.array_equal(read[name], arrays[name]) for name in arrays)
