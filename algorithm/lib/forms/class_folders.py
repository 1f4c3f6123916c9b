"""A folder per class, with or without train/, val/ and test/ above; CK+48 among them.

CK+48 is such a copy of the Extended Cohn-Kanade data set: 981 images, seven classes, contempt
among them and no neutral; its names begin with the person (S010_004_00000017.png).

Source: https://www.kaggle.com/datasets/shawon10/ckplus; Lucey et al., "The Extended Cohn-Kanade
Dataset (CK+)" (CVPR Workshops 2010), whose readme has the names and the numbers of emotions.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from algorithm.lib.forms.entries import PART_OF, Entry, Folder, Found
from algorithm.lib.labels import Labels, is_number

OUTSIDE = "it lies in no class folder, so nothing says what it shows"
CK_NAME = re.compile(r"(S\d{3})_\d{3}_\d{8}", re.IGNORECASE)
CK_UNNAMED = (
    "its name is not one of CK+ (S010_004_00000017.png), which begins with the person"
)


def signs(folder: Folder, labels: Labels) -> str:
    """Say what makes a folder one of class folders; empty if nothing does."""
    places = [place_of(photo, folder, labels) for photo in folder.photos]
    names = sorted({name for _, name in places if name})
    known = [name for name in names if labels.knows(name) or is_number(name)]
    if not known or 2 * len(known) < len(names):
        return ""
    return f"folders called {', '.join(known[:8])}"


def read(folder: Folder, labels: Labels) -> Found:
    """Take each photo's class by its folder; what lies below that folder is of the class too."""
    found = Found()
    for photo in folder.photos:
        part, name = place_of(photo, folder, labels)
        if name:
            found.entries.append(Entry(photo, name, part=part))
        else:
            found.drop(photo, OUTSIDE)
    return found


def ck_signs(folder: Folder, labels: Labels) -> str:
    """Say what makes a folder CK+48: class folders with its file names."""
    if not signs(folder, labels):
        return ""
    named = [photo for photo in folder.photos if _ck_person(photo)]
    return f"names such as {named[0]}" if 2 * len(named) > len(folder.photos) else ""


def read_ck(folder: Folder, labels: Labels) -> Found:
    """Read class folders whose file names begin with the person."""
    found = read(folder, labels)
    entries, found.entries = found.entries, []
    for entry in entries:
        if person := _ck_person(entry.photo):
            found.entries.append(entry._replace(group=person))
        else:
            found.drop(entry.photo, CK_UNNAMED)
    return found


def place_of(photo: str, folder: Folder, labels: Labels) -> tuple[str, str]:
    """Return the part of the data set and the class folder of a photo; empty where none."""
    parents = photo.split("/")[len(_wrappers(folder, labels)) : -1]
    part = PART_OF.get(parents[0].lower(), "") if parents else ""
    parents = parents[1:] if part else parents
    return part, parents[0] if parents else ""


def _wrappers(folder: Folder, labels: Labels) -> Sequence[str]:
    """Return the folders around all photos that are neither a part nor a class.

    An archive unpacks into one, and its name says nothing.
    """
    if not folder.photos:
        return ()
    # Of sorted paths the first and the last share what all share.
    first, last = (folder.photos[end].split("/")[:-1] for end in (0, -1))
    shared = []
    for one, other in zip(first[:-1], last[:-1], strict=False):
        is_class = labels.knows(one) or is_number(one)
        if one != other or is_class or one.lower() in PART_OF:
            break
        shared.append(one)
    return shared


def _ck_person(photo: str) -> str:
    name = CK_NAME.match(PurePosixPath(photo).stem)
    return name[1].upper() if name else ""
