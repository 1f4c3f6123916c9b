"""Say in a line how two versions of a file differ."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

import h5py
import numpy as np

from fer_transfer.core.files import DAMAGE

MOST = 3  # differences named in a line
ABSENT = object()


def describe(path: str, old: bytes, new: bytes) -> str:
    """Say where two versions of a file differ: the first few places, and how many more."""
    try:
        found = list(FORMATS.get(PurePath(path).suffix, _nothing)(old, new))
    except (*DAMAGE, OSError):  # not what its name says
        found = []
    if not found:
        return _first_byte(old, new)
    more = f"; and {len(found) - MOST} more" if len(found) > MOST else ""
    return "; ".join(found[:MOST]) + more


def _first_byte(old: bytes, new: bytes) -> str:
    shorter = min(len(old), len(new))
    same = np.frombuffer(old, np.uint8, shorter) == np.frombuffer(
        new, np.uint8, shorter
    )
    offset = shorter if same.all() else int(same.argmin())
    sizes = f", {len(old):,} -> {len(new):,} bytes" if len(old) != len(new) else ""
    return f"other bytes from offset {offset:,} on{sizes}"


def _nothing(old: bytes, new: bytes) -> Iterator[str]:
    yield from ()


def _json(old: bytes, new: bytes) -> Iterator[str]:
    yield from _changes(*(dict(_leaves(json.loads(text))) for text in (old, new)))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what is no mapping and no list, and the keys that lead there."""
    if isinstance(value, dict | list) and value:
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from _leaves(value[key], f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in {**old, **new}:
        before, after = old.get(key, ABSENT), new.get(key, ABSENT)
        if before is ABSENT or after is ABSENT or repr(before) != repr(after):
            yield f"{key}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    return "absent" if value is ABSENT else json.dumps(value)


def _csv(old: bytes, new: bytes) -> Iterator[str]:
    before, after = (
        list(csv.reader(io.StringIO(text.decode("utf-8")))) for text in (old, new)
    )
    if before[:1] != after[:1]:
        yield f"columns {before[:1]} -> {after[:1]}"
        return
    if len(before) != len(after):
        yield f"{len(before) - 1} rows -> {len(after) - 1} rows"
    for number, (row, other) in enumerate(zip(before, after, strict=False)):
        for column, cell, became in zip(before[0], row, other, strict=False):
            if cell != became:
                yield f"row {number}, column {column}: {cell} -> {became}"


def _npy(old: bytes, new: bytes) -> Iterator[str]:
    before, after = (np.load(io.BytesIO(one), allow_pickle=False) for one in (old, new))
    yield from _arrays({"array": before}, {"array": after})


def _npz(old: bytes, new: bytes) -> Iterator[str]:
    before, after = (np.load(io.BytesIO(one), allow_pickle=False) for one in (old, new))
    yield from _arrays(dict(before), dict(after))


def _h5(old: bytes, new: bytes) -> Iterator[str]:
    yield from _arrays(_datasets(old), _datasets(new))


def _datasets(content: bytes) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}

    def add(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item)

    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(add)
    return found


def _arrays(
    old: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]
) -> Iterator[str]:
    for name in {**old, **new}:
        if name not in old or name not in new:
            yield f"{name}: {'new' if name in new else 'gone'}"
            continue
        before, after = old[name], new[name]
        if (before.dtype, before.shape) != (after.dtype, after.shape):
            kinds = [f"{one.dtype}{list(one.shape)}" for one in (before, after)]
            yield f"{name}: {kinds[0]} -> {kinds[1]}"
        elif before.tobytes() != after.tobytes():
            yield f"{name}: {_how_far(before, after)}"


def _how_far(old: np.ndarray, new: np.ndarray) -> str:
    """Count the values that differ, and say by how much they do at most."""
    both_nan = (old != old) & (new != new)  # strings have no isnan
    differ = (old != new) & ~both_nan
    counted = f"{np.count_nonzero(differ):,} of {old.size:,} values"
    if old.dtype.kind not in "biuf":
        return counted
    with np.errstate(invalid="ignore"):
        apart = np.abs(old.astype(np.float64) - new.astype(np.float64))[differ]
    return f"{counted}, by at most {apart.max(initial=0):.3g}"


FORMATS: dict[str, Callable[[bytes, bytes], Iterator[str]]] = {
    ".json": _json,
    ".csv": _csv,
    ".npy": _npy,
    ".npz": _npz,
    ".h5": _h5,
}
