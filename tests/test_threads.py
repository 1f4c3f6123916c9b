"""What the number of threads changes: no feature, and of a training no more than last bits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer_transfer.settings.checks import BACKBONES

# Prints a hash of the features of a few faces, and the probabilities after a short training.
PROBE = """
import sys
import stages
from fer_transfer.networks.runtime import keras, tf
import hashlib
import json
from fer_transfer.networks import inference, split_model
from fer_transfer.synthetic import drawing
from fer_transfer.training.recipe import Recipe, compile_model
tf.config.experimental.enable_op_determinism()
keras.utils.set_random_seed(7)
pixels, labels, _ = drawing.draw(14, 2, 42)
network = split_model.build(sys.argv[1], 4, None, 7)
features = inference.tensorflow_pass(network.frozen)(pixels)
compile_model(network.tail, Recipe(20, 32, 1e-3))
for _ in range(3):
    network.tail.train_on_batch(features, labels)
probabilities = network.tail.predict_on_batch(features)
content = b"".join(array.tobytes() for array in features)
print(json.dumps([hashlib.md5(content).hexdigest(), probabilities.tolist()]))
"""


def probe(backbone: str, threads: int) -> tuple[str, list[list[float]]]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, backbone],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "TF_NUM_INTRAOP_THREADS": str(threads)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    features, probabilities = json.loads(done.stdout.splitlines()[-1])
    return features, probabilities


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BACKBONES)
def test_threads_change_no_feature_and_last_bits_of_a_training_alone(backbone):
    (features, probabilities), (same, trained) = (probe(backbone, n) for n in (1, 4))
    assert same == features
    np.testing.assert_allclose(trained, probabilities, rtol=0, atol=1e-4)
    if backbone in ("openface", "resnet29"):
        assert trained == probabilities
