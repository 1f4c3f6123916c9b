"""Draw the augmented views of each training face: their transforms, not their pixels.

Reads   data/algorithm/faces.npz      labels (F,) uint8
        data/algorithm/classes.json   the names of the classes
        data/algorithm/split.npz      train: rows of faces.npz
Params  views; split.seed
Writes  data/algorithm/views.npz      face (V,) int64 and the values of each view's transform
        metrics/algorithm/views.json  training faces and views per class
Source  the paper, section 6: augment, to balance the classes and to steady the model
"""

from pathlib import Path

from algorithm.lib import augment, faces
from algorithm.lib.settings import load_settings
from fer_transfer.console import command
from fer_transfer.core import files


def main() -> None:
    settings = load_settings()
    found = faces.read()
    train = files.read_npz(Path("data/algorithm/split.npz"))["train"]
    labels = found.labels[train]
    number = augment.views_per_face(labels, settings.views)
    plan = augment.draw_views(train, number, settings.views, settings.split.seed)
    files.write_npz(Path("data/algorithm/views.npz"), plan)
    files.write_json(
        Path("metrics/algorithm/views.json"),
        {
            "faces": faces.count(labels, found.classes),
            "views": faces.count(found.labels[plan["face"]], found.classes),
        },
    )


if __name__ == "__main__":
    command.run(main)
