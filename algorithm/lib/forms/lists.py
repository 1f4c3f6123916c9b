"""Data sets that come with a list of their own: RAF-DB and ExpW.

RAF-DB: EmoLabel/list_patition_label.txt (spelt so) has lines such as `train_00001.jpg 5`, numbered
1 surprise, 2 fear, 3 disgust, 4 happy, 5 sad, 6 angry, 7 neutral; the set begins the name. The
images are Image/aligned/train_00001_aligned.jpg and Image/original/train_00001.jpg.
ExpW: label.lst has lines of name, face, top, left, right, bottom, confidence and label, in which
the box is in pixels and the numbers are 0 angry to 6 neutral, FER2013's order.

Source: www.whdeng.cn/RAF/model1.html (Li, Deng and Du, CVPR 2017);
mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html (Zhang et al., arXiv:1609.06426).
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from algorithm.lib.forms import class_folders
from algorithm.lib.forms.entries import PART_OF, Entry, Folder, Found
from algorithm.lib.forms.manifest import MISSING, box_of
from algorithm.lib.labels import Labels
from algorithm.lib.names import in_one_line
from fer_transfer.console.errors import InputError

RAF_LIST = "list_patition_label.txt"
EXPW_LIST = "label.lst"
EXPW_FIELDS = ("face", "top", "left", "right", "bottom", "confidence", "label")
SIDES = ("left", "top", "width", "height")


def raf_signs(folder: Folder, _: Labels) -> str:
    lists = _lists(folder, RAF_LIST)
    return f"RAF-DB's {lists[0]}" if lists else ""


def read_raf(folder: Folder, labels: Labels) -> Found:
    """Read RAF-DB by its list, or copies in numbered folders where there is none."""
    if not _lists(folder, RAF_LIST):
        return class_folders.read(folder, labels)
    found = Found()
    lines = list(_lines(folder, RAF_LIST, fields=1, wanted="train_00001.jpg 5"))
    is_aligned = any(_aligned(name) in folder.by_name for _, name, _ in lines)
    for where, name, (label,) in lines:
        part = PART_OF.get(name.partition("_")[0], "")
        if not part:
            raise InputError(
                f"{where}: the name `{in_one_line(name)}` must begin with train_ or test_, as RAF-DB's do. "
                "Correct the line."
            )
        photo = folder.find(_aligned(name) if is_aligned else name)
        if photo is None:
            found.drop(name, MISSING)
        else:
            found.entries.append(Entry(photo, label, part=part))
    return found


def expw_signs(folder: Folder, _: Labels) -> str:
    lists = _lists(folder, EXPW_LIST)
    return f"ExpW's {lists[0]}" if lists else ""


def read_expw(folder: Folder, _: Labels) -> Found:
    """Read ExpW by its list: a line, and a box, per face."""
    found = Found()
    wanted = "name " + " ".join(EXPW_FIELDS)
    for where, name, values in _lines(folder, EXPW_LIST, len(EXPW_FIELDS), wanted):
        row = dict(zip(EXPW_FIELDS, values, strict=True))
        row["width"] = _length(row, "left", "right")
        row["height"] = _length(row, "top", "bottom")
        box = box_of(row, SIDES, where)
        photo = folder.find(name)
        if photo is None:
            found.drop(name, MISSING)
        else:
            found.entries.append(Entry(photo, row["label"], box=box))
    return found


def _length(row: dict[str, str], start: str, end: str) -> str:
    try:
        return str(float(row[end]) - float(row[start]))
    except ValueError:
        return f"{row[start]} to {row[end]}"


def _aligned(name: str) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}_aligned{path.suffix}"


def _lists(folder: Folder, name: str) -> list[str]:
    lists = [file for file in folder.files if PurePosixPath(file).name == name]
    if len(lists) > 1:
        raise InputError(
            f"{folder.root} has {name} in several places: {', '.join(lists[:3])}. Set "
            "`gather.source` to the folder of one of them."
        )
    return lists


def _lines(
    folder: Folder, name: str, fields: int, wanted: str
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each line of a list: where it is, the photo's name, and what follows it."""
    lists = _lists(folder, name)
    if not lists:
        raise InputError(
            f"{folder.root} has no {name}. Set `gather.source` to the folder that has it, with "
            "the images beside or below it, or `gather.form` to what the photos are in."
        )
    try:
        text = (folder.root / lists[0]).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            f"{lists[0]} is not text in UTF-8. Take it again from its source."
        ) from None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        photo, *values = line.strip().rsplit(maxsplit=fields)
        where = f"{lists[0]}, line {number}"
        if len(values) != fields:
            raise InputError(
                f"{where}: expected `{wanted}`. Got `{in_one_line(line.strip())}` instead. Take the list "
                "again from its source, or correct the line."
            )
        yield where, photo, values
