"""Compute a frozen backbone's vectors of augmented views of the training faces.

Reads   data/faces/                  images.npy, faces.csv, classes.json
        data/splits/<split>.npz      rows of each set
        data/weights/<variant>.h5    what the backbone starts from
Params  views, features, compute; the search, its split and its variant
Writes  data/views/<search>/views.npz  of each view: face (V,) int64, matrix, brightness
        data/views/<search>/0.npy      vectors (V, channels) float32; missing without views
Source  the paper, section 6
"""

import shutil
import sys
from pathlib import Path

from fer_transfer.augmentation import views
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.extraction import frozen_pass
from fer_transfer.settings.settings import load_settings


def main(name: str) -> None:
    settings, folder = load_settings(), Path("data/views") / name
    search = settings.searches[name]
    split = files.read_npz(Path(f"data/splits/{search.split}.npz"))
    train = views.sets(split)["train"]
    number = views.views_per_face(faces.read().labels[train], settings.views)
    seed = settings.splits[search.split].seed
    plan = views.draw(train, number, settings.views, seed)
    shutil.rmtree(folder, ignore_errors=True)  # DVC does it too, a user may not
    if len(plan.face):
        pixels = views.render(faces.read_images(), plan)
        frozen_pass.extract(search.variant, settings, pixels, folder)
    files.write_npz(folder / "views.npz", plan._asdict())


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
