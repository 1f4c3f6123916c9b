"""Prepare the photos of `make photos`: synthetic faces of known people, and light settings.

Not a stage: `make photos` runs it in a clone of its own, after params.photos.yaml.

Writes  photos/*.png          a face each, tilted, in colour, in any place
        photos/manifest.csv   path, label, person and box of each face
        params.yaml           stand-in weights, few steps: to see that the pipeline works
"""

from pathlib import Path

import numpy as np
import pandas as pd
from dvc.utils.serialize import modify_yaml
from PIL import Image

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.synthetic import drawing as synthetic

PEOPLE, FACES, SEED = 9, 126, 42
WIDTH, HEIGHT = 240, 180  # pixels
MAX_TILT = 15  # degrees


def draw_photo(
    face: np.ndarray, random: np.random.Generator
) -> tuple[Image.Image, tuple[int, int, int]]:
    """Put a face (48, 48) into a photo; return it, and left, top and side of the face."""
    side = int(random.integers(70, 140))
    left, top = random.integers(0, (WIDTH - side, HEIGHT - side)).tolist()
    large = Image.fromarray(face).resize((side, side)).convert("LA")
    tilted = large.rotate(random.uniform(-MAX_TILT, MAX_TILT))
    photo = Image.new("L", (WIDTH, HEIGHT), int(random.integers(60, 200)))
    photo.paste(tilted.getchannel("L"), (left, top), tilted.getchannel("A"))
    tint = random.uniform(0.6, 1, size=3)
    colours = (np.asarray(photo)[..., None] * tint).astype(np.uint8)
    return Image.fromarray(colours), (left, top, side)


def write_photos(folder: Path) -> None:
    """Draw the photos, and label them in a manifest."""
    random = np.random.default_rng(SEED)
    faces, labels, people = synthetic.draw(FACES, PEOPLE, SEED)
    rows = []
    for number, face in enumerate(faces):
        photo, (left, top, side) = draw_photo(face, random)
        name, person = f"{number:03d}.png", f"person {people[number]}"
        with files.atomic_write(folder / name) as part:
            photo.save(part, format="png")
        rows.append((name, EMOTIONS[labels[number]], person, left, top, side, side))
    columns = ["path", "label", "person", "left", "top", "width", "height"]
    files.write_csv(folder / "manifest.csv", pd.DataFrame(rows, columns=columns))


def lighten_settings(path: Path) -> None:
    """Take stand-in weights, fewer epochs and fewer classifiers."""
    with modify_yaml(str(path)) as values:
        values["weights"]["pretrained"] = "stand-in"
        values["train"]["epochs"] = 5
        values["choose"] |= {"folds": 2, "classifiers": ["logistic", "lda", "knn"]}


def main() -> None:
    write_photos(Path("photos"))
    lighten_settings(Path("params.yaml"))


if __name__ == "__main__":
    command.run(main)
