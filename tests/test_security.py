"""What the code never does, and what it depends on."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("fer_transfer", "stages", "tools")
MODULES = sorted(path for part in PACKAGES for path in (PROJECT / part).rglob("*.py"))
# Unpacks what was downloaded, after a check of every member; tests/test_archives.py.
UNPACKS = PROJECT / "fer_transfer/readers/archives.py"
OURS = "frozen_pass.extract"  # unpacks nothing

# Modules that run what they read; PyYAML's loaders are among them.
DANGEROUS = {
    "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "pickle", "shelve",
    "torch", "yaml", "load_model", "saved_model", "saving",
}  # fmt: skip
# Calls that run what they are given, or unpack archives onto the disk.
FORBIDDEN = {
    "compile_command", "eval", "exec", "extract", "extractall", "load_pickle",
    "read_pickle", "system", "to_pickle", "unpack_archive", "__import__",
}  # fmt: skip
# Keras's whole-model formats: tf_keras heeds safe_mode for none of the older ones.
WHOLE_MODELS = ("models.load_model", "keras.saving.", "saved_model", "model_from_")


def faults(source: str) -> Iterator[str]:
    """Name what a module does that it must not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            text = ast.unparse(node).replace("ruamel.yaml", "")
            yield from DANGEROUS.intersection(re.findall(r"\w+", text))
        elif isinstance(node, ast.Call):
            name, text = ast.unparse(node.func), ast.unparse(node)
            if name.split(".")[-1] in FORBIDDEN or any(w in text for w in WHOLE_MODELS):
                yield name
            if name in ("np.load", "numpy.load") and "allow_pickle=False" not in text:
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
import torch.serialization
from yaml.loader import UnsafeLoader
from tf_keras.models import load_model
from tensorflow import saved_model
eval(text)
archive.extractall(folder)
shutil.unpack_archive(path)
np.load(path)
numpy.load(path)
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
    called = {path: {*faults(path.read_text())} for path in MODULES}
    called = {path: names - {OURS} for path, names in called.items() if names - {OURS}}
    assert called == {UNPACKS: {"archive.extractall"}}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-gpu.lock"])
def test_every_dependency_is_pinned_to_a_version_and_hashes_and_to_no_address(name):
    lock = (PROJECT / name).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [
        line for line in lock.splitlines() if line and not line.lstrip().startswith("#")
    ]
    assert len(lines) > 100
    assert "://" not in lock
    for line in lines:
        assert re.fullmatch(
            r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^\s;]+( *;[^#]*?)?( +--hash=sha256:[0-9a-f]{64})+ *",
            line,
        ), line
