"""Class folders: a folder per class, perhaps in train/, val/ and test/, perhaps with people.

happy/1.jpg   train/happy/1.jpg   happy/Ann/1.jpg   Ann/happy/1.jpg
"""

from pathlib import Path, PurePosixPath

from fer_transfer.readers.labels import is_emotion, is_number
from fer_transfer.readers.listing import (
    PART_OF,
    Dropped,
    Listing,
    as_table,
    list_files,
    normalised,
)

OUTSIDE = "it lies in no class folder, so nothing says what it shows"
TABLES = (".csv", ".tsv", ".xls", ".xlsx", ".ods")
NOT_A_MANIFEST = "a table, not a manifest (CSV UTF-8 with the columns path and label)"


def read(root: Path) -> Listing:
    """Take the label of each file below `root` from the folder it lies in."""
    names, dropped = list_files(root)
    num_wrappers = _count_wrappers([PurePosixPath(name).parts[:-1] for name in names])
    places = {name: _place(name, num_wrappers) for name in names}
    dropped += [
        Dropped(name, NOT_A_MANIFEST if name.lower().endswith(TABLES) else OUTSIDE)
        for name, (_, folders) in places.items()
        if not folders
    ]
    labelled = {name: place for name, place in places.items() if place[1]}
    label_at, person_at = _levels([folders for _, folders in labelled.values()])
    rows = [
        {
            "file": name,
            "label": normalised(folders[label_at]),
            "person": "" if person_at is None else normalised(folders[person_at]),
            "part": part,
        }
        for name, (part, folders) in labelled.items()
    ]
    return Listing(as_table(rows), dropped)


def _place(name: str, num_wrappers: int) -> tuple[str, tuple[str, ...]]:
    """Return a file's part, or empty text, and the folders below that one."""
    folders = PurePosixPath(name).parts[num_wrappers:-1]
    part = PART_OF.get(folders[0].lower(), "") if folders else ""
    return part, folders[1:] if part else folders


def _count_wrappers(folders: list[tuple[str, ...]]) -> int:
    """Count the folders around all others, such as the one that an archive unpacks into."""
    if not folders:
        return 0
    count = 0
    for same in zip(*(path[:-1] for path in folders), strict=False):
        first = same[0]
        is_class = is_emotion(first) or is_number(first)
        if len(set(same)) > 1 or is_class or first.lower() in PART_OF:
            break
        count += 1
    return count


def _levels(folders: list[tuple[str, ...]]) -> tuple[int, int | None]:
    """Return at which depth the class is, and at which the person, if people have folders.

    People have folders where all files lie two folders deep and the second ones differ.
    """
    if not folders or any(len(path) != 2 for path in folders):
        return 0, None
    outer, inner = ({path[level] for path in folders} for level in (0, 1))
    if all(map(is_emotion, inner)) and not any(map(is_emotion, outer)):
        return 1, 0
    return 0, 1 if len(inner) > 1 else None
