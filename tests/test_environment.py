"""Nothing in a user's environment or home changes a result, or ends a stage in a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer_transfer import environment
from fer_transfer.settings.checks import BACKBONES

PROJECT = Path(__file__).parents[1]

# Prints what computes and draws would give to DVC: floats are compared by their bits.
PROBE = """
import sys
import stages
from fer_transfer.networks.runtime import keras, tf
import hashlib
import numpy as np
import pandas as pd
from pathlib import Path
from fer_transfer.synthetic import drawing
from fer_transfer.networks import inference, split_model
from fer_transfer.report import figures, vega
from fer_transfer.training.recipe import Recipe, compile_model
tf.config.experimental.enable_op_determinism()
keras.utils.set_random_seed(7)
network = split_model.build("openface", 4, None, 7)
pixels, labels, _ = drawing.draw(14, 2, 42)
features = inference.tensorflow_pass(network.frozen)(pixels)
by_openvino = inference.openvino_pass(network.frozen, "float32")(pixels)
compile_model(network.tail, Recipe(20, 32, 1e-3))
for _ in range(3):
    network.tail.train_on_batch(features, labels)
product = np.log(np.exp(features[0][0].astype(float).reshape(-1, 9)) + 1).T @ np.ones((features[0][0].size // 9, 5))
chart = figures.class_counts({"happy": 3, "sad": 2}, {"happy": 1, "sad": 3})
vega.write_png(Path(sys.argv[1]), chart, "Table 1", [])
for array in [pixels, *features, *by_openvino, *network.tail.get_weights(), product]:
    print(array.dtype, hashlib.md5(np.ascontiguousarray(array).tobytes()).hexdigest())
print(hashlib.md5(open(sys.argv[1], "rb").read()).hexdigest())
print(pd.Series([0.1]).sum())
"""


# Prints of each backbone a hash of the features of a few faces, and the probabilities after a
# short training.
THREADS = """
import sys
import stages
from fer_transfer.networks.runtime import keras, tf
import hashlib
import json
from fer_transfer.networks import inference, split_model
from fer_transfer.synthetic import drawing
from fer_transfer.training.recipe import Recipe, compile_model
tf.config.experimental.enable_op_determinism()
pixels, labels, _ = drawing.draw(14, 2, 42)
found = {}
for backbone in sys.argv[1:]:
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    network = split_model.build(backbone, 4, None, 7)
    features = inference.tensorflow_pass(network.frozen)(pixels)
    compile_model(network.tail, Recipe(20, 32, 1e-3))
    for _ in range(3):
        network.tail.train_on_batch(features, labels)
    probabilities = network.tail.predict_on_batch(features)
    content = b"".join(array.tobytes() for array in features)
    found[backbone] = hashlib.md5(content).hexdigest(), probabilities.tolist()
print(json.dumps(found))
"""


def probe(folder: Path, **variables: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(folder / "figure.png")],
        cwd=PROJECT,
        env={**clean, "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    "NVIDIA_TF32_OVERRIDE": "1",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "OV_CPU_MAX_ISA": "AVX2",
    "PANDAS_COPY_ON_WRITE": "0",
    "SCIPY_ARRAY_API": "1",
    "SKLEARN_ASSUME_FINITE": "1",
    "TF2_BEHAVIOR": "0",
    "TF_DETERMINISTIC_OPS": "0",
    "TF_SET_ONEDNN_FPMATH_MODE": "BF16",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
}
LEFT = {
    "CUDA_VISIBLE_DEVICES": "",
    "LC_ALL": "C",
    "OMP_NUM_THREADS": "1",
    "OMP_SCHEDULE": "dynamic",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "3",
    "PYTHONOPTIMIZE": "1",
    "TF_CLI_CONFIG_FILE": "~/.terraformrc",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TZ": "Asia/Tokyo",
}


@pytest.mark.slow
def test_what_could_change_a_result_changes_no_bit(tmp_path):
    """All at once, and Keras's settings in the user's home."""
    (tmp_path / "usual").mkdir()
    usual = probe(tmp_path / "usual")
    (tmp_path / ".keras").mkdir()
    keras_file = '{"floatx": "float16", "image_data_format": "channels_first"}'
    (tmp_path / ".keras/keras.json").write_text(keras_file)
    assert probe(tmp_path, **TAKEN_OUT, **LEFT) == usual
    assert (tmp_path / ".keras/keras.json").read_text() == keras_file


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


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_what_is_not_used_is_named_and_a_stray_module_on_pythonpath_not_imported(
    tmp_path,
):
    """A stage runs, without assertions too."""
    for name in ("params", "pooch", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('stray')\n")
    path = f"{tmp_path}{os.pathsep}{PROJECT}"
    variables = {"PYTHONPATH": path, "PYTHONOPTIMIZE": "1", "TF_XLA_FLAGS": "-x"}
    done = python("-m", "stages.evaluate", "nobody", **variables)
    first, error = done.stderr.splitlines()
    assert first.startswith("Not used, as results may not depend on it: ")
    assert str(tmp_path) in first
    assert "TF_XLA_FLAGS" in first
    assert error.startswith("error: `runs` in params.yaml has no 'nobody'")


def test_without_docstrings_one_line_says_what_to_unset():
    done = python("-m", "stages.features", "x", PYTHONOPTIMIZE="2")
    [line] = done.stderr.splitlines()
    assert "unset PYTHONOPTIMIZE" in line
    assert done.returncode == 1


def test_a_script_that_imports_networks_alone_gets_the_same_keras():
    code = (
        "from fer_transfer.networks.runtime import keras; import os;"
        "assert os.environ['TF_USE_LEGACY_KERAS'] == '1';"
        "from fer_transfer.networks import split_model; split_model.build('mobilenet', 0)"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "KERAS_"))}
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=clean, check=True)


def trained(backbones: list[str], threads: int) -> dict[str, tuple]:
    done = python("-c", THREADS, *backbones, TF_NUM_INTRAOP_THREADS=str(threads))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


SMALL = [name for name in BACKBONES if name != "vggface"]


@pytest.mark.slow
@pytest.mark.parametrize("backbones", [SMALL, ["vggface"]], ids=["small", "vggface"])
def test_threads_change_no_feature_and_last_bits_of_a_training_alone(backbones):
    by_one, by_four = (trained(backbones, threads) for threads in (1, 4))
    for name in backbones:
        (features, of_one), (same, of_four) = by_one[name], by_four[name]
        assert same == features, name
        np.testing.assert_allclose(of_four, of_one, rtol=0, atol=1e-4, err_msg=name)
        if name in ("openface", "resnet29"):
            assert of_four == of_one, name
