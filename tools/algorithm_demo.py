"""Prepare the algorithm's demo: drawn faces in scenes, and settings that read them.

Not a stage: `make algorithm` runs `python -m tools.algorithm_demo` in a clone of its own.

Writes  scenes/*.png            three faces each: tilted, in colour, of several sizes
        scenes/faces.csv        path, label, group (the person) and box of each face
        algorithm/params.yaml   the demo's settings
"""

from pathlib import Path
from typing import Any

import numpy as np
from algorithm.lib import tables
from algorithm.lib.settings import PATH
from dvc.utils.serialize import modify_yaml
from PIL import Image

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.synthetic import drawing

FOLDER = Path("scenes")
PEOPLE, FACES, SEED = 9, 189, 42  # of each person three faces per emotion
IN_SCENE = 3
WIDTH, HEIGHT = 480, 200  # pixels
TILT = 15  # degrees, at most
HEAD = ("path", "label", "group", "left", "top", "width", "height")

CHANGES: dict[str, dict[str, Any]] = {
    "gather": {"source": "scenes/faces.csv", "form": "manifest"},
    "views": {"number": 1},
    "features": {"backbones": ["openface", "mobilenet"], "weights": "stand-in"},
    # Of each kind one: small sets gain little from the others, which take minutes.
    "choose": {
        "folds": 2,
        "classifiers": ["logistic", "lda", "dense", "knn", "rbf-svm"],
    },
}


def draw_scene(
    faces: np.ndarray, random: np.random.Generator
) -> tuple[Image.Image, list[tuple[int, int, int]]]:
    """Draw faces (n, 48, 48) side by side; return the scene, and left, top and side of each."""
    background, tint = random.integers(60, 200), random.uniform(0.6, 1, size=3)
    scene = Image.new("L", (WIDTH, HEIGHT), int(background))
    room, boxes = WIDTH // len(faces), []
    for number, face in enumerate(faces):
        side = int(random.integers(70, 140))
        large = Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)
        mask = Image.new("L", large.size, 255)
        angle = random.uniform(-TILT, TILT)
        turned = (one.rotate(angle, Image.Resampling.BICUBIC) for one in (large, mask))
        left = number * room + int(random.integers(0, room - side + 1))
        top = int(random.integers(0, HEIGHT - side + 1))
        scene.paste(next(turned), (left, top), next(turned))
        boxes.append((left, top, side))
    grey = np.asarray(scene)[..., None]
    return Image.fromarray((grey * tint).astype(np.uint8)), boxes


def write_scenes(folder: Path) -> None:
    """Draw the scenes, and list their faces."""
    random = np.random.default_rng(SEED)
    faces, labels, people = drawing.draw(FACES, PEOPLE, SEED)
    rows = []
    for number in range(0, FACES, IN_SCENE):
        chosen = slice(number, number + IN_SCENE)
        scene, boxes = draw_scene(faces[chosen], random)
        name = f"scene {number // IN_SCENE:02d}.png"
        folder.mkdir(parents=True, exist_ok=True)
        with files.atomic_write(folder / name) as part:
            scene.save(part, format="png")
        for face, (left, top, side) in enumerate(boxes, number):
            who = f"person {people[face]}"
            label = EMOTIONS[labels[face]]
            rows.append((name, label, who, left, top, side, side))
    tables.write_rows(folder / "faces.csv", HEAD, rows)


def write_settings(path: Path) -> None:
    """Change the settings to the demo's."""
    with modify_yaml(str(path)) as values:
        for section, changed in CHANGES.items():
            values[section] |= changed


def main() -> None:
    write_scenes(FOLDER)
    write_settings(PATH)


if __name__ == "__main__":
    command.run(main)
