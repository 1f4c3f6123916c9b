"""What the code never does, and what never leaves a user's environment."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import projects
import pytest
import records

from fer_transfer.core import files

PROJECT = Path(__file__).parents[1]
PACKAGES = ("fer_transfer", "stages", "tools")
MODULES = sorted(path for part in PACKAGES for path in (PROJECT / part).rglob("*.py"))
# Unpacks what was downloaded, after a check of every member; tests/test_archives.py.
UNPACKS = PROJECT / "fer_transfer/readers/archives.py"

# Modules that run what they read; PyYAML's loaders are among them.
DANGEROUS = {
    "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "pickle", "shelve",
    "torch", "yaml",
}  # fmt: skip
# Calls that run what they are given, or unpack archives onto the disk.
FORBIDDEN = {
    "compile_command", "eval", "exec", "extract", "extractall", "load_pickle",
    "read_pickle", "system", "to_pickle", "unpack_archive", "__import__",
}  # fmt: skip
# Keras's whole-model formats: tf_keras heeds safe_mode for none of the older ones.
WHOLE_MODELS = (
    "keras.models.load_model",
    "keras.saving.",
    "tf.saved_model",
    "model_from_",
)


def faults(source: str) -> Iterator[str]:
    """Name what a module does that it must not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None), *(name.name for name in node.names)]
            yield from (name for name in names if name in DANGEROUS)
        elif isinstance(node, ast.Call):
            name, text = ast.unparse(node.func), ast.unparse(node)
            if name.split(".")[-1] in FORBIDDEN or any(w in text for w in WHOLE_MODELS):
                yield name
            if name == "np.load" and "allow_pickle=False" not in text:
                yield name
            if name == "YAML" and "typ='safe'" not in text:
                yield name
            if any(
                word in text
                for word in ("allow_pickle=True", "shell=True", "verify=False")
            ):
                yield name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"http://(?!www\.w3\.org)\w+", node.value)


DANGEROUS_LINES = """
import pickle
from torch import load
import yaml
eval(text)
archive.extractall(folder)
shutil.unpack_archive(path)
np.load(path)
np.load(path, allow_pickle=True)
pd.read_pickle(path)
YAML(typ='unsafe').load(path)
YAML().load(path)
keras.models.load_model(path)
requests.get(url, verify=False)
url = 'http://example.org'
"""


def test_the_search_finds_what_it_looks_for():
    lines = DANGEROUS_LINES.strip().splitlines()
    assert [line for line in lines if not list(faults(line))] == []


def test_nothing_that_is_read_is_run_and_one_module_unpacks():
    found = {path: list(faults(path.read_text())) for path in MODULES}
    found = {path: names for path, names in found.items() if names}
    assert found == {UNPACKS: ["archive.extractall"] * 2}


def test_every_dependency_is_pinned_to_a_version_and_hashes():
    lock = (PROJECT / "requirements.lock").read_text().replace("\\\n", "")
    lines = [
        line for line in lock.splitlines() if line and not line.lstrip().startswith("#")
    ]
    assert len(lines) > 100
    for line in lines:
        assert re.fullmatch(
            r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^\s;]+( *;[^#]*?)?( +--hash=sha256:[0-9a-f]{64})+ *",
            line,
        ), line


SECRETS = {
    "AWS_ACCESS_KEY_ID": "PLANTEDAWSID",
    "AWS_SECRET_ACCESS_KEY": "planted-aws-secret",
    "AWS_SESSION_TOKEN": "planted-aws-token",
    "AZURE_STORAGE_KEY": "planted-azure-key",
    "GITHUB_TOKEN": "planted-github-token",
    "HTTPS_PROXY": "http://me:planted-proxy-password@127.0.0.1:9",
    "KAGGLE_KEY": "planted-kaggle-key",
    "KAGGLE_USERNAME": "planted-kaggle-name",
}
VARIANT = "openface-random"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The stages that need no TensorFlow, run on synthetic faces where secrets are set."""
    folder = tmp_path_factory.mktemp("study") / "project"
    folder.mkdir()
    projects.make(folder, [VARIANT])
    python = [sys.executable, "-m"]
    environment = {**os.environ, **SECRETS, "FER_MIRROR": ""}
    output = ""
    for command in (
        ["dvc", "repro", "-v", "split"],
        ["stages.evaluate", VARIANT],
        ["stages.tabulate"],
        ["stages.plot"],
        ["stages.report"],
    ):
        if command[0] == "stages.evaluate":
            train_in_a_moment(folder)
        if command[0] == "stages.tabulate":
            shutil.copyfile(folder / "dvc.lock", folder / "dvc.lock.until-split")
            records.write(folder)
        ended = subprocess.run(
            [*python, *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        output += ended.stdout + ended.stderr
        assert ended.returncode == 0, ended.stderr[-500:]
    (folder / "output.txt").write_text(output)
    return folder


def train_in_a_moment(folder: Path) -> None:
    """Write what `train` would."""
    split = files.read_npz(folder / "data/splits/random.npz")
    uniform = {
        part: np.full((len(split[part]), 7), 1 / 7, np.float32)
        for part in ("val", "test")
    }
    run = folder / f"data/runs/{VARIANT}"
    files.write_npz(run / "probabilities.npz", uniform)
    values = ("accuracy", "val_accuracy", "loss", "val_loss")
    epochs = np.arange(1, 3)
    history = pd.DataFrame({"epoch": epochs, **dict.fromkeys(values, 1 / epochs)})
    files.write_csv(run / "history.csv", history)
    files.write_json(folder / "metrics/assess.json", {})


def test_the_stages_wrote_what_is_searched(run):
    written = {path.name for path in run.rglob("*")}
    assert {
        "dvc.lock",
        "images.npy",
        "random.json",
        "final.json",
        "figure-01.png",
    } <= written


def test_no_secret_of_the_environment_is_in_any_file_or_in_what_is_printed(run):
    written = b"".join(path.read_bytes() for path in run.rglob("*") if path.is_file())
    assert [
        name for name, secret in SECRETS.items() if secret.encode() in written
    ] == []
