"""Write a manifest for a published data set, so that the pipeline can read it.

    python -m tools.manifest raf-db /data/RAF-DB    # writes /data/RAF-DB/manifest.csv

Then set `data.source` and `data.watch` in params.yaml to that folder. Supported data sets:

    raf-db     EmoLabel/list_patition_label.txt (spelt so) with lines such as `train_00001.jpg 5`; the
               aligned images are taken where there are any. Li, Deng and Du, CVPR 2017.
    affectnet  training.csv and validation.csv with the columns subDirectory_filePath, face_x, face_y,
               face_width, face_height and expression; or train_set/ and val_set/ with annotations/
               <name>_exp.npy. Mollahosseini, Hasani and Mahoor 2017, arXiv:1708.03985.
    expw       label.lst with lines of name, face, top, left, right, bottom, confidence and label.
               Zhang et al., arXiv:1609.06426.
    jaffe      names such as KA.AN1.39.tiff: person, emotion and shot. Lyons et al. 1998.
    kdef       names such as AF01ANS.JPG: session, person, emotion and angle. Lundqvist et al. 1998.
    ck+        CK+48: class folders; names such as S010_004_00000017.png begin with the person.
               Lucey et al., CVPR Workshops 2010.
"""

import argparse
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError, shown
from fer_transfer.core import files
from fer_transfer.data.emotions import NUMBERINGS
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.readers import csv_files
from fer_transfer.readers.listing import PART_OF, list_files
from fer_transfer.readers.manifest import BOX, KNOWN

NAME = "manifest.csv"
# How files are called, in upper case; without an emotion in it, their folder is the emotion.
FILE_NAMES = {
    "jaffe": r"(?P<person>[A-Z]{2})\.(?P<label>AN|DI|FE|HA|NE|SA|SU)\d?\.\d+",
    "kdef": r"[AB](?P<person>[FM]\d{2})(?P<label>AF|AN|DI|HA|NE|SA|SU)(S|HL|HR|FL|FR)",
    "ck+": r"(?P<person>S\d{3})_(?P<sequence>\d{3})_\d{8}.*",
}
AFFECTNET = ("subdirectory_filepath", "expression")
AFFECTNET_BOX = ("face_x", "face_y", "face_width", "face_height")
# Each begins the name of its emotion, but for KDEF's AF (afraid).
ABBREVIATIONS = {name[:2].upper(): name for name in EMOTIONS} | {"AF": "fear"}

# Of a face: its file, empty where there is none; emotion and part as the data set has them.
Row = dict[str, str]


class Folder:
    """The files of a data set, found by the end of their path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = {name: PurePosixPath(name) for name in list_files(root)[0]}
        self.by_name: dict[str, list[str]] = {}
        for name, path in self.paths.items():
            self.by_name.setdefault(path.name, []).append(name)

    def find(self, end: str) -> str:
        """Return the file whose path ends so; empty if there is none."""
        same = self.by_name.get(PurePosixPath(end).name, [])
        return next((name for name in same if f"/{name}".endswith(f"/{end}")), "")

    def lines(self, name: str, num_values: int) -> Iterator[list[str]]:
        """Yield the name and the values of each line of a list of the data set."""
        path = self.find(name)
        if not path:
            raise InputError(f"{self.root} has no {name}. Give the folder that has it.")
        text = (self.root / path).read_text("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            values = line.rsplit(maxsplit=num_values)
            if values and len(values) != num_values + 1:
                raise InputError(
                    f"{path}, line {number}: expected a name and {num_values} values, got "
                    f"{shown(line)}. Take the list again from its source."
                )
            if values:
                yield values


def raf_db(folder: Folder) -> Iterator[Row]:
    for name, number in folder.lines("list_patition_label.txt", 1):
        path = PurePosixPath(name)
        aligned = folder.find(f"{path.stem}_aligned{path.suffix}")
        part, _, _ = name.partition("_")
        yield {"path": aligned or folder.find(name), "label": number, "part": part}


def affectnet(folder: Folder) -> Iterator[Row]:
    for name, path in folder.paths.items():
        file, part = folder.root / path, path.parent.parent
        if name.endswith("_exp.npy"):
            image = folder.find(f"{part}/images/{path.stem.removesuffix('_exp')}.jpg")
            number = np.load(file, allow_pickle=False).item()
            yield {"path": image, "label": str(number), "part": part.name}
        elif name.endswith(".csv") and AFFECTNET[0] in csv_files.header(file)[1]:
            yield from _affectnet_table(folder, file)


def _affectnet_table(folder: Folder, path: Path) -> Iterator[Row]:
    for row in csv_files.read(path, AFFECTNET).to_dict("records"):
        box = [row.get(side, "") for side in AFFECTNET_BOX]
        is_known = all(re.fullmatch(r"\d+(\.\d+)?", text) for text in box)
        image, number = (row[column] for column in AFFECTNET)
        face = {"path": folder.find(image), "label": number, "part": path.stem}
        yield face | (dict(zip(BOX, box, strict=True)) if is_known else {})


def expw(folder: Folder) -> Iterator[Row]:
    for name, _, *values in folder.lines("label.lst", 7):
        top, left, right, bottom = map(float, values[:4])
        box = map("{:g}".format, (left, top, right - left, bottom - top))
        row = {"path": folder.find(name), "label": values[5]}
        yield row | dict(zip(BOX, box, strict=True))


def by_file_name(pattern: str, folder: Folder) -> Iterator[Row]:
    for name, path in folder.paths.items():
        match = re.fullmatch(pattern, path.stem.upper())
        # The original CK+ has a folder for each sequence of a person, not for each emotion.
        if match and path.parent.name != match.groupdict().get("sequence"):
            yield {"path": name, "label": path.parent.name} | match.groupdict()


DATA_SETS: dict[str, Callable[[Folder], Iterator[Row]]] = {
    "raf-db": raf_db,
    "affectnet": affectnet,
    "expw": expw,
    **{name: partial(by_file_name, FILE_NAMES[name]) for name in FILE_NAMES},
}


def emotion(data_set: str, label: str) -> str:
    """Return the emotion of a number or an abbreviation; empty for a number that has none."""
    if label.isdigit():
        return NUMBERINGS[data_set].get(int(label), "")
    return ABBREVIATIONS.get(label, label)


def write_manifest(name: str, root: Path) -> tuple[int, int]:
    """Write root/manifest.csv; return how many faces it has, and how many were left out.

    Raises:
        InputError: If the folder does not have what the data set comes with, or has a manifest.
    """
    if (root / NAME).exists():
        raise InputError(f"{root / NAME} exists. Rename or remove it for a new one.")
    try:
        rows = list(DATA_SETS[name](Folder(root)))
    except InputError:
        raise
    except (ValueError, EOFError) as error:
        raise InputError(
            f"{root} has a damaged annotation: {error}. Download the data set again."
        ) from None
    table = pd.DataFrame(rows, columns=KNOWN, dtype=str).fillna("")
    table["label"] = [emotion(name, label) for label in table["label"]]
    table["part"] = [PART_OF.get(part.lower(), "") for part in table["part"]]
    kept = table[(table["path"] != "") & (table["label"] != "")]
    if kept.empty:
        raise InputError(
            f"{root} has no image of {name}, as `python -m tools.manifest --help` describes it. "
            "Give the folder that the data set was unpacked to."
        )
    files.write_csv(root / NAME, kept)
    return len(kept), len(table) - len(kept)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tools.manifest", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("data_set", choices=DATA_SETS)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    kept, left_out = write_manifest(given.data_set, given.folder)
    print(f"{given.folder / NAME}: {kept} faces; {left_out} without file or emotion.")


if __name__ == "__main__":
    command.run(main)
