"""Nothing in a user's environment or home changes a result, or ends a stage in a traceback."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import commands
import numpy as np
import pytest

from fer_transfer import environment
from fer_transfer.settings.checks import BACKBONES

# Prints of each backbone a hash of a few faces' features, of OpenFace by both engines, and the
# probabilities after a short training; and hashes of what else is computed and drawn.
PROBE = """
import sys
import stages
from fer_transfer.networks.runtime import keras, tf
import hashlib
import json
import numpy as np
import pandas as pd
from pathlib import Path
from fer_transfer.synthetic import drawing
from fer_transfer.networks import inference, split_model
from fer_transfer.report import charts, vega
from fer_transfer.settings.settings import Variant
from fer_transfer.training.recipe import Recipe, compile_model
def digest(*arrays):
    return hashlib.md5(b"".join(array.tobytes() for array in arrays)).hexdigest()
tf.config.experimental.enable_op_determinism()
figure_path, *backbones = sys.argv[1:]
pixels, labels, _ = drawing.draw(14, 2, 42)
values = np.linspace(0, 9, 90_000)
products = np.log(np.exp(values.reshape(-1, 9)) + 1).T @ np.ones((10_000, 5))
printed = {"computed": [digest(pixels), digest(products), pd.Series([0.1]).sum()]}
chart = charts.images_needed([{"per_class": 9, "value": 0.5, "low": 0.4, "high": 0.6,
    "trains": "all", "run": "a"}])
vega.write_png(Path(figure_path), chart, "Table 1", [])
printed["drawn"] = hashlib.md5(Path(figure_path).read_bytes()).hexdigest()
for backbone in backbones:
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    network = split_model.build(Variant(backbone=backbone), head_seed=7)
    features = inference.tensorflow_pass(network.frozen)(pixels)
    if backbone == "openface":
        by_openvino = inference.openvino_pass(network.frozen, "float32")(pixels)
        printed["by OpenVINO"] = digest(*by_openvino)
    compile_model(network.tail, Recipe(20, 32, 1e-3))
    for _ in range(1 if backbone == "vggface" else 3):
        network.tail.train_on_batch(features, labels)
    probabilities = network.tail.predict_on_batch(features).tolist()
    printed[backbone] = digest(*features), probabilities
print(json.dumps(printed))
"""


def probe(folder: Path, *backbones: str, **variables: str) -> dict[str, Any]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    clean |= {"HOME": str(folder), **variables}
    arguments = ("-c", PROBE, folder / "figure.png", *backbones)
    return json.loads(commands.python(*arguments, env=clean).stdout.splitlines()[-1])


# Each of the first eight changed a bit, or ended in a traceback, before it was taken out. The
# others changed none here; elsewhere they may.
TAKEN_OUT = {
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Prescott",
    "MPLBACKEND": "bogus",
    "KERAS_HOME": "/tmp",
    "KERAS_BACKEND": "torch",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "OV_CPU_MAX_ISA": "AVX2",
    **dict.fromkeys(
        ("PANDAS_COPY_ON_WRITE", "TF2_BEHAVIOR", "TF_DETERMINISTIC_OPS"), "0"
    ),
    **dict.fromkeys(
        ("NVIDIA_TF32_OVERRIDE", "SCIPY_ARRAY_API", "SKLEARN_ASSUME_FINITE"), "1"
    ),
    "TF_SET_ONEDNN_FPMATH_MODE": "BF16",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
}
LEFT = {
    "CUDA_VISIBLE_DEVICES": "",
    "LC_ALL": "C",
    "OMP_SCHEDULE": "dynamic",
    "PYTHONHASHSEED": "3",
    "TF_CLI_CONFIG_FILE": "~/.terraformrc",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONOPTIMIZE"), "1"),
    **dict.fromkeys(("TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"), "1"),
    "TZ": "Asia/Tokyo",
}


SMALL = [name for name in BACKBONES if name != "vggface"]


@pytest.mark.slow
@pytest.mark.parametrize("backbones", [SMALL, ["vggface"]], ids=["small", "vggface"])
def test_threads_change_last_bits_of_a_training_and_nothing_else_changes_a_bit(
    tmp_path, backbones
):
    """All variables at once, and Keras's settings in the user's home."""
    (tmp_path / "usual").mkdir()
    usual = probe(tmp_path / "usual", *backbones, TF_NUM_INTRAOP_THREADS="4")
    (tmp_path / ".keras").mkdir()
    keras_file = '{"floatx": "float16", "image_data_format": "channels_first"}'
    (tmp_path / ".keras/keras.json").write_text(keras_file)
    changed = probe(tmp_path, *backbones, **TAKEN_OUT, **LEFT)
    assert (tmp_path / ".keras/keras.json").read_text() == keras_file
    for name in backbones:
        (same, trained), (features, probabilities) = changed.pop(name), usual.pop(name)
        assert same == features, name
        np.testing.assert_allclose(trained, probabilities, rtol=0, atol=1e-4)
        if name in ("openface", "resnet29"):
            assert trained == probabilities, name
    assert changed == usual


@pytest.fixture
def isolated(monkeypatch):
    """Isolate anew in a copy of the environment, and forget what was taken out."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(environment, "dropped", [])
    return environment


@pytest.mark.parametrize("name", [*TAKEN_OUT, *LEFT])
def test_what_could_change_a_result_is_taken_out_or_set_and_named(isolated, name):
    os.environ[name] = given = (TAKEN_OUT | LEFT)[name]
    isolated.isolate()
    assert isolated.dropped == [name] * (name in TAKEN_OUT)
    kept = given if name in LEFT else None
    assert os.environ.get(name) == isolated.SET.get(name, kept)


def test_what_is_not_used_is_named_and_a_stray_module_on_pythonpath_not_imported(
    tmp_path,
):
    """A stage runs, without assertions too."""
    for name in ("params", "pooch", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('stray')\n")
    path = f"{tmp_path}{os.pathsep}{commands.PROJECT}"
    variables = {"PYTHONPATH": path, "PYTHONOPTIMIZE": "1", "TF_XLA_FLAGS": "-x"}
    stage = ("-m", "stages.evaluate", "nobody")
    done = commands.python(*stage, expected=1, **variables)
    first, error = done.stderr.splitlines()
    assert first.startswith("Ignored from the environment, so that results do")
    assert str(tmp_path) in first
    assert "TF_XLA_FLAGS" in first
    assert error.startswith("error: `runs` in params.yaml has no 'nobody'")


def test_without_docstrings_one_line_says_what_to_unset():
    stage = ("-m", "stages.features", "x")
    done = commands.python(*stage, expected=1, PYTHONOPTIMIZE="2")
    [line] = done.stderr.splitlines()
    assert "unset PYTHONOPTIMIZE" in line


def test_a_script_that_imports_networks_alone_gets_the_same_keras():
    code = (
        "from fer_transfer.networks.runtime import keras; import os;"
        "assert os.environ['TF_USE_LEGACY_KERAS'] == '1';"
        "from fer_transfer.networks import split_model;"
        "from fer_transfer.settings.settings import Variant;"
        "split_model.build(Variant(backbone='mobilenet'))"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "KERAS_"))}
    commands.python("-c", code, env=clean)
