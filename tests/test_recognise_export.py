import shutil
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import photo_files
import pytest
from small_sets import write_faces, write_split

from fer_transfer.networks.runtime import keras
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.networks import split_model
from tools import export

RUN = "openface-random"
FACES = photo_files.drawn_faces(14)

needs_tf2onnx = pytest.mark.skipif(
    find_spec("tf2onnx") is None, reason="tf2onnx is not installed"
)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A project with a run, the images and what the pipeline says of them."""
    shutil.copy("params.demo.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(3)
    network = split_model.build("openface", 4).whole
    folder = Path(f"data/runs/{RUN}")
    folder.mkdir(parents=True)
    network.save_weights(folder / "weights.h5")
    write_faces(np.zeros(len(FACES), np.uint8), FACES)
    write_split(test=np.arange(4, 14))
    files.write_npz(folder / "probabilities.npz", {"test": network(FACES[4:]).numpy()})
    return folder


def run():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tf2onnx, on NumPy
        export.main(RUN)


@needs_tf2onnx
def test_the_file_says_what_the_pipeline_says(study):
    run()
    said = files.read_json(Path(f"exported/{RUN}/model.json"))
    onnx = Path(f"exported/{RUN}/model.onnx")
    assert said["differs_from_the_pipeline_by"] < 1e-4
    assert said["sha256"] == files.digest(onnx, "sha256")
    assert said["classes"] == list(photo_files.CLASSES)
    assert said["temperature"] == 1
    expected = files.read_npz(study / "probabilities.npz")["test"]
    assert export.difference(onnx.read_bytes(), FACES[4:5], expected[:1]) < 1e-4


@needs_tf2onnx
def test_a_file_that_says_something_else_is_not_written(study):
    files.write_npz(study / "probabilities.npz", {"test": np.full((10, 7), 1 / 7)})
    with pytest.raises(InputError, match="differ from the pipeline's by"):
        run()
    assert not Path("exported").exists()


def test_without_tf2onnx_the_way_to_it_is_said(study, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs tf2onnx.*make install"):
        export.main(RUN)


@needs_tf2onnx
def test_a_run_that_is_none_is_named(study):
    with pytest.raises(InputError, match=r"has no .none.*It has"):
        export.main("none")
