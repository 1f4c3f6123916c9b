"""What `faces` writes, made of synthetic faces, for the stages after it."""

from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from algorithm.lib import tables
from fer_transfer.core import files
from fer_transfer.data import synthetic
from fer_transfer.data.fer2013 import EMOTIONS

ROOT = Path(__file__).parents[2]
FOLDER = Path("data/algorithm")
HEAD = ("face", "photo", "label", "group", "part")


def write_faces(images, labels, people, parts=None, classes=EMOTIONS):
    """Write faces.npz, faces.csv and classes.json; each face is a photo."""
    parts = [""] * len(labels) if parts is None else parts
    files.write_npz(
        FOLDER / "faces.npz", {"images": images, "labels": labels.astype(np.uint8)}
    )
    rows = [
        (row, f"photo {row}.jpg", classes[label], who, part)
        for row, (label, who, part) in enumerate(
            zip(labels, people, parts, strict=True)
        )
    ]
    tables.write_rows(FOLDER / "faces.csv", HEAD, rows)
    files.write_json(FOLDER / "classes.json", list(classes))


def draw(num_faces=126, num_people=9, parts=None):
    """Write drawn faces of known people; return images, labels and people."""
    images, labels, identities = synthetic.draw(num_faces, num_people, 1)
    people = np.array([f"person {number}" for number in identities])
    write_faces(images, labels, people, parts)
    return images, labels, people


def write_settings(**changes):
    """Write algorithm/params.yaml with some sections changed."""
    values = YAML(typ="safe", pure=True).load(ROOT / "algorithm/params.yaml")
    for section, changed in changes.items():
        values[section] |= changed
    Path("algorithm").mkdir(exist_ok=True)
    YAML().dump(values, Path("algorithm/params.yaml"))


def write_vectors(backbone, seed=0, strength=1.5, channels=12):
    """Write vectors for every face and view in which the labels can be seen, but not always."""
    labels = files.read_npz(FOLDER / "faces.npz")["labels"]
    views = files.read_npz(FOLDER / "views.npz")["face"]
    labels = np.concatenate([labels, labels[views]]).astype(int)
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(len(labels), channels)).astype(np.float32)
    vectors[np.arange(len(labels)), labels] += strength
    folder = FOLDER / "features" / backbone
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "0.npy", vectors)
    return vectors
