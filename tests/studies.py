"""Made-up results of a study, in the files that stages hand to each other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import projects
import records
import settings_files
from small_sets import write_faces

from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.settings.settings import load_settings
from fer_transfer.synthetic import drawing
from stages import evaluate, prepare, split, tabulate

# What a run's validation accuracy starts with and ends with.
LEARNS = {
    "mobilenet-pretrained": (0.44, 0.58),
    "mobilenet-random": (0.25, 0.25),
    "openface-pretrained": (0.33, 0.47),
    "openface-random": (0.26, 0.28),
    "resnet50-pretrained": (0.47, 0.56),
    "resnet50-random": (0.28, 0.36),
    "vggface-pretrained": (0.53, 0.64),
    "vggface-random": (0.25, 0.31),
}
FIVE = (
    *("mobilenet-pretrained", "mobilenet-random", "openface-random"),
    *("resnet50-random", "vggface-random"),
)
SYNTHETIC = {"data": {"source": "synthetic"}, "weights": {"pretrained": "stand-in"}}
PARAMETERS = {
    "mobilenet": 3_228_864,
    "openface": 3_743_280,
    "resnet50": 23_587_712,
    "vggface": 134_260_544,
}
VALUES_AN_IMAGE = {
    "mobilenet": 50_176,
    "openface": 6_624,
    "resnet50": 125_440,
    "vggface": 25_088,
}
UNINFORMATIVE = "mobilenet-random"
COPIES = 42  # images that stand in the data twice


def make(folder, ran=tuple(LEARNS), images=420, sections=None):
    """Write a project in `folder`, the current one, whose runs in `ran` have results.

    `sections` changes what params.yaml says, such as {"data": {"source": "synthetic"}}.
    """
    write_settings(folder, sections or {})
    projects.copy(
        folder,
        *("metrics/paper", "metrics/architectures.json", "metrics/costs.json"),
        *("requirements.lock", "fer_transfer/report/templates"),
    )
    files.write_json(Path("metrics/assess.json"), {})
    write_images(folder, images)
    for name in ("random", "official", "tables"):
        split.main(name)
    for name in ran:
        write_run(folder, name)
        evaluate.main(name)
    records.write(folder)
    tabulate.main()


def write_settings(folder, sections):
    settings = settings_files.load()
    for section in ("variants", "runs"):  # the paper's eight, of one seed each
        eight = {name: settings[section][name] for name in LEARNS}
        sections = {**sections, section: eight | sections.get(section, {})}
    settings_files.write(folder, **sections)


def write_images(folder, number):
    pixels, labels, _ = drawing.draw(number - COPIES, num_identities=5, seed=1)
    pixels = np.concatenate([pixels, pixels[:COPIES]])
    labels = np.concatenate([labels, labels[:COPIES]])
    part = np.resize(["train"] * 8 + ["val", "test"], number)
    write_faces(labels, pixels, part=part)
    drawn = load_settings().data.source == "synthetic"
    known = replace(faces.read(), name="synthetic faces" if drawn else "FER2013")
    made_up = prepare.DataSet(known, pixels, "csv", "fer2013.csv")
    counts = prepare.describe(made_up, prepare.duplicates(made_up))
    files.write_json(folder / "metrics/dataset.json", counts)


def write_run(folder, name):
    """Write what the weights, features and train stages would of one run."""
    settings = load_settings()
    started = settings.runs[name].variant
    variant = settings.variants[started]
    seed = list(settings.runs).index(name)
    random = np.random.default_rng(seed)
    origin = {"source": "random", "seed": variant.seed}
    if variant.weights == "pretrained" and settings.weights.pretrained == "stand-in":
        origin = {"source": "stand-in", "seed": settings.synthetic.seed}
    elif variant.weights == "pretrained":
        file = f"{variant.backbone}_weights.h5"
        digest = f"{seed:064x}"
        origin = {"name": file, "source": "url", "sha256": digest, "official": True}
    parameters = PARAMETERS[variant.backbone]
    files.write_json(folder / f"metrics/weights/{started}.json", origin)
    labels = faces.read().labels
    size = VALUES_AN_IMAGE[variant.backbone]
    measured = {
        "images": len(labels),
        "engine": "OpenVINO",
        "precision": settings.compute.precision,
        "bytes": 4 * size * len(labels),
        "informative": started != UNINFORMATIVE,
        "parameters": {"backbone": parameters, "trainable": 100_000},
    }
    files.write_json(folder / f"metrics/features/{started}.json", measured)
    first, last = LEARNS.get(name) or LEARNS.get(started, (0.3, 0.4))
    run = folder / f"data/runs/{name}"
    files.write_csv(
        run / "history.csv", history(first, last, random, settings.train.epochs)
    )
    parts = files.read_npz(folder / "data/splits/random.npz")
    made_up = {
        part: predictions(labels[parts[part]], last, random) for part in ("test", "val")
    }
    files.write_npz(run / "probabilities.npz", made_up)


def history(first, last, random, epochs):
    """Make up a training that levels off, and moves ahead of validation."""
    done = 1 - np.exp(-np.arange(epochs) / 4)
    val = first + (last - first) * done + random.normal(0, 0.003, epochs)
    train = first + 1.6 * (last - first) * done
    return pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1),
            "accuracy": train,
            "val_accuracy": val,
            "loss": 2.4 - 1.9 * train,
            "val_loss": 2.4 - 1.9 * val + 0.02 * np.arange(epochs) * (last - first),
        }
    )


def predictions(labels, accuracy, random):
    """Make up probabilities (n, 7) of which a share `accuracy` is right."""
    right = random.random(len(labels)) < accuracy
    predicted = np.where(right, labels, random.integers(0, 7, len(labels)))
    logits = random.normal(0, 0.7, (len(labels), 7))
    logits[np.arange(len(labels)), predicted] += 3
    shares = np.exp(logits)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
