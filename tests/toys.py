"""A toy project with the real one's layout: stages that run in a moment, without TensorFlow."""

from pathlib import Path

import numpy as np
import projects
from sources import write_files

COMMON = """\
import json
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML


def settings():
    return YAML(typ="safe", pure=True).load(Path("params.yaml"))


def write(path, text):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def write_json(path, values):
    write(path, json.dumps(values) + "\\n")


def channels():
    images = np.load("data/faces/images.npy")
    pixels = images.reshape(len(images), -1)[:, :4]
    return np.stack([pixels, 255 - pixels], axis=-1)
"""

PREPARE = """\
import csv

import numpy as np

from fer_transfer import common

with open(common.settings()["data"]["source"]) as file:
    rows = list(csv.DictReader(file))
images = np.zeros((len(rows), 48, 48), dtype=np.uint8)
images[:, 0, :4] = [list(map(int, row["pixels"].split())) for row in rows]
table = ["label,person,part,file,left,top,width,height"]
table += [f"{row['emotion']},,train,,,,," for row in rows]
common.write("data/faces/faces.csv", "\\n".join(table) + "\\n")
common.write("data/faces/votes.csv", "none\\n")
classes = sorted({row["emotion"] for row in rows})
common.write_json("data/faces/classes.json", {"name": "toys", "classes": classes})
np.save("data/faces/images.npy", images)
common.write_json("metrics/dataset.json", {"images": len(rows)})
"""

FEATURES = """\
import sys

import numpy as np

from fer_transfer import common

name = sys.argv[1]
common.Path("data/features").mkdir(parents=True, exist_ok=True)
np.save(f"data/features/{name}.npy", common.channels() * len(name))
"""

# A fleet's tests want to know who trains, and to have the time to disturb it.
TRAIN = """\
import os
import sys
import time

import numpy as np

from fer_transfer import common

START = 0.5


def train_epoch(weights, features):
    time.sleep(float(os.environ.get("EPOCH_SECONDS", "0")))
    return weights + features.mean(axis=0) / 255


name = sys.argv[1]
run = common.settings()["runs"][name]
features = np.load(f"data/features/{run['variant']}.npy")
weights = np.full(features.shape[1:], START + run["seed"])
with open(os.environ.get("TRAININGS", os.devnull), "a") as log:
    log.write(f"{name} {os.getpid()}\\n")
for epoch in range(common.settings()["train"]["epochs"]):
    weights = train_epoch(weights, features)
common.write(f"data/runs/{name}/history.csv", f"epoch,loss\\n1,{weights.sum()}\\n")
np.savez(f"data/runs/{name}/weights.npz", weights=weights)
"""

EVALUATE = """\
import sys

import numpy as np

from fer_transfer import common

SCALE = 2

name = sys.argv[1]
weights = np.load(f"data/runs/{name}/weights.npz")["weights"]
common.write_json(f"metrics/test/{name}.json", {"twin_free": float(weights.sum() * SCALE)})
common.write(f"plots/predictions/{name}.csv", "predicted\\n" + "happy\\n" * 3)
"""

REPORT = """\
from pathlib import Path

from fer_transfer import common

common.write("plots/report.txt", Path("metrics/test/a.json").read_text())
"""

PIPELINE = """\
stages:
  prepare:
    cmd: python -m stages.prepare
    deps: [stages/prepare.py, fer_transfer]
    params: [data]
    outs:
      - data/faces/images.npy
      - data/faces/faces.csv
      - data/faces/classes.json
      - data/faces/votes.csv
      - metrics/dataset.json: {cache: false}
  features:
    foreach: ${variants}
    do:
      cmd: python -m stages.features ${key}
      deps: [stages/features.py, fer_transfer, data/faces/images.npy]
      params: ["variants.${key}"]
      outs: ["data/features/${key}.npy": {push: false}]
  train:
    foreach: ${runs}
    do:
      cmd: python -m stages.train ${key}
      deps: [stages/train.py, fer_transfer, "data/features/${item.variant}.npy"]
      params: [train, "runs.${key}"]
      outs: ["data/runs/${key}/weights.npz", "data/runs/${key}/history.csv"]
  evaluate:
    foreach: ${runs}
    do:
      cmd: python -m stages.evaluate ${key}
      deps: [stages/evaluate.py, fer_transfer, "data/runs/${key}/weights.npz"]
      outs:
        - metrics/test/${key}.json: {cache: false}
        - plots/predictions/${key}.csv: {cache: false}
  report:
    cmd: python -m stages.report
    deps: [stages/report.py, fer_transfer, metrics/test/a.json]
    outs: [plots/report.txt: {cache: false}]
"""

SETTINGS = """\
data: {source: source.csv, hash: ""}
train: {epochs: 3, learning_rate: 0.1}
features: {batch_size: 32}
tables: {windows: [[1, 6]]}
variants: {a: {weights: random}}
runs: {a: {variant: a, seed: 42}}
"""

FILES = {
    ".dvc/config": "",
    ".dvcignore": "__pycache__\n.ckpt\n",
    ".gitignore": "/data\n/.ckpt\n/.dvc/tmp\n/.dvc/cache\n__pycache__\n",
    "dvc.yaml": PIPELINE,
    "params.yaml": SETTINGS,
    "stages/__init__.py": "",
    "fer_transfer/__init__.py": "",
    "fer_transfer/common.py": COMMON,
    "stages/prepare.py": PREPARE,
    "stages/features.py": FEATURES,
    "stages/train.py": TRAIN,
    "stages/evaluate.py": EVALUATE,
    "stages/report.py": REPORT,
}


def make(folder: Path, env: dict[str, str]) -> None:
    """Make a Git repository of the project, with results."""
    begin(folder)
    projects.dvc(folder, env, "repro")
    projects.commit(folder, "The study")


def begin(folder: Path, files: dict[str, str] | None = None) -> None:
    """Begin a Git repository of the project, some of whose files may be others."""
    write_files(folder, {**FILES, **(files or {})})
    write_source(folder / "source.csv", seed=0)
    projects.git(folder, "init", "-q", "-b", "main")


def write_source(path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    lines = [
        f"{number % 7},{' '.join(map(str, random.integers(0, 256, 4)))},Training"
        for number in range(140)
    ]
    path.write_text("emotion,pixels,Usage\n" + "\n".join(lines) + "\n")
