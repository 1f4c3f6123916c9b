"""Labelled photos in the layouts of published data sets, drawn, and the stages that read them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from ruamel.yaml import YAML

from algorithm import faces, gather
from algorithm.lib import tables
from fer_transfer.core import files
from fer_transfer.data import synthetic
from fer_transfer.detection.detectors import Box, Detection

FACES = synthetic.draw(14, 2, seed=3)[0]


def photo(number: int = 0, side: int = 64, kind: str = "PNG") -> bytes:
    """Return a photo of one drawn face and no other; a number makes each file another."""
    face = Image.fromarray(FACES[number % len(FACES)]).resize((side, side))
    face.putpixel((0, 0), number % 256)
    buffer = io.BytesIO()
    face.convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content.encode() if isinstance(content, str) else content
    path.write_bytes(text)
    return path


def write_photos(folder: Path, *names: str) -> Path:
    """Write photos of the names given, each another one."""
    for number, name in enumerate(names):
        write(folder / name, photo(number))
    return folder


class Project:
    """A folder with algorithm/params.yaml in which the stages run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.photos = folder, folder / "photos"

    def set(self, detector: str = "none", **values: Any) -> None:
        gather_values = {
            "source": "photos",
            "form": "auto",
            "numbering": "none",
            "map": {},
        }
        settings = {
            "gather": gather_values | values,
            "faces": {"detector": detector},
        }
        path = self.folder / "algorithm/params.yaml"
        path.parent.mkdir(exist_ok=True)
        YAML(typ="safe", pure=True).dump(settings, path)

    def gather(self, **values: Any) -> list[dict[str, str]]:
        """Run gather; return the rows of photos.csv."""
        self.set(**values)
        gather.main()
        return list(tables.read_rows(gather.PHOTOS))

    def faces(self, detector: str = "none", **values: Any) -> list[dict[str, str]]:
        """Run both stages; return the rows of files.csv."""
        self.set(detector, **values)
        gather.main()
        faces.main()
        return list(tables.read_rows(faces.OUT / "files.csv"))

    def face_rows(self) -> list[dict[str, str]]:
        return list(tables.read_rows(faces.OUT / "faces.csv"))

    def dropped(self) -> dict[str, str]:
        rows = tables.read_rows(gather.DROPPED)
        return {row["photo"]: row["reason"] for row in rows}

    def metrics(self, stage: str) -> Any:
        return files.read_json(Path(f"metrics/algorithm/{stage}.json"))

    def written(self) -> list[str]:
        """List what the stages have left, to the last part of a file."""
        places = (self.folder / "data/algorithm", self.folder / "metrics/algorithm")
        return sorted(path.name for place in places for path in place.rglob("*"))


def by_photo(rows: list[dict[str, str]], *columns: str) -> dict[str, Any]:
    """Return what the columns say of each photo."""
    if len(columns) == 1:
        return {row["photo"]: row[columns[0]] for row in rows}
    return {row["photo"]: tuple(row[name] for name in columns) for row in rows}


def finder(*found: tuple[float, float, float, float, float]) -> Any:
    """Return a detector's function that finds boxes: left, top, width, height and score."""

    def find(_: np.ndarray) -> list[Detection]:
        return [Detection(Box(*face[:4]), face[4]) for face in found]

    return find
