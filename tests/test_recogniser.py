"""The Python API, with the model and the detector of the package, and nothing of the study."""

import shutil
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import commands
import numpy as np
import onnx
import pandas as pd
import photo_files
import pytest
from packaging.requirements import Requirement

from fer_transfer import Recogniser, Rejected
from fer_transfer.console.errors import InputError
from fer_transfer.recognise import __main__ as program
from fer_transfer.recognise.model import Model, default_model

PROJECT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
SCENE = photo_files.scene()


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser()


@pytest.fixture
def photo(tmp_path):
    return photo_files.write(tmp_path / "photo.png", photo_files.encoded(SCENE, "PNG"))


def test_a_path_an_array_and_an_image_give_the_same_faces(recogniser, photo):
    tables = [
        recogniser(given).table()
        for given in (photo, str(photo), np.asarray(SCENE), SCENE)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])
    assert len(tables[0]) == 1


def test_a_face_has_calibrated_probabilities_that_add_up(recogniser):
    [face] = recogniser(SCENE)
    assert tuple(face.probabilities) == recogniser.classes == photo_files.EIGHT
    assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert (face.crop.shape, face.crop.dtype) == ((48, 48), np.uint8)


def test_a_grey_array_is_read_and_another_shape_is_an_error(recogniser):
    face = photo_files.drawn_faces(1)[0]
    [taken_whole] = recogniser(face)
    assert np.array_equal(taken_whole.crop, face)
    with pytest.raises(InputError, match=r"Got float64 \(48, 48, 4\)"):
        recogniser(np.zeros((48, 48, 4)))
    with pytest.raises(InputError, match=r"Got uint8 \(0, 9, 3\)"):
        recogniser(np.zeros((0, 9, 3), np.uint8))
    with pytest.raises(InputError, match=r"Got object \(\)"):
        recogniser(None)  # as OpenCV gives of a file that is not there
    with pytest.raises(Rejected, match="a folder"):
        recogniser(Path())


def test_a_photo_without_faces_has_a_table_without_rows(recogniser):
    faces = recogniser(np.zeros((100, 100, 3), np.uint8))
    assert len(faces) == 0
    assert list(faces.table()) == list(recogniser(SCENE).table())
    assert faces.draw().size == (100, 100)


def test_the_drawing_is_the_photo_with_boxes(recogniser):
    drawn = np.asarray(recogniser(SCENE).draw())
    changed = (drawn != np.asarray(SCENE)).any(axis=2)
    assert 0.005 < changed.mean() < 0.1


def test_threads_may_share_a_recogniser(recogniser):
    faces = photo_files.drawn_faces(20)
    alone = [recogniser(face).table() for face in faces]
    with ThreadPoolExecutor(4) as pool:
        for table, expected in zip(
            pool.map(lambda face: recogniser(face).table(), faces), alone, strict=True
        ):
            pd.testing.assert_frame_equal(table, expected)


def test_the_command_writes_the_same_numbers(recogniser, photo, tmp_path):
    arguments = [str(photo), "--out", str(tmp_path / "out")]
    assert program.recognise(program.parse(arguments)) == 0
    written = pd.read_csv(tmp_path / "out/faces.csv").drop(columns=["file", "time"])
    pd.testing.assert_frame_equal(written, recogniser(photo).table())


def test_the_default_model_is_small_and_says_what_it_is():
    assert default_model().stat().st_size <= 8_000_000
    described = Model(default_model()).metadata
    assert described.classes == photo_files.EIGHT
    assert described.scores["accuracy"] > 0.5
    assert set(described.scores["by_class"]) == set(described.classes)
    for text in (described.data, described.licence, described.run, described.commit):
        assert text


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"format": '"x 2"'}, "not 'fer-transfer onnx 1'"),
        ({"framing": '"tight"'}, "not 'fer2013'"),
        ({"classes": '["happy"]'}, "two names or more"),
        ({"classes": None}, "lack 'classes'"),
        ({"scores": "{"}, "are not JSON"),
        ({"scores": "{}"}, "does not match its metadata"),
        (
            {
                "scores": '{"images": 1, "accuracy": 1, "interval": [0, 1], "test_set": ""}'
            },
            "an interval and by class",
        ),
        ({"classes": '["a", "b"]'}, "does not match its metadata"),
    ],
)
def test_a_model_that_is_not_ours_is_refused(properties, message, tmp_path):
    model = onnx.load(default_model())
    changed = {one.key: one.value for one in model.metadata_props} | properties
    del model.metadata_props[:]
    present = {key: value for key, value in changed.items() if value is not None}
    onnx.helper.set_model_props(model, present)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(InputError, match=message):
        Model(tmp_path / "model.onnx")


def test_a_file_that_holds_no_model_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(InputError, match="must be an ONNX file"):
        Model(path)
    path.write_bytes(b"no ONNX")
    with pytest.raises(InputError, match="not an ONNX file"):
        Model(path)


@pytest.fixture
def wheel(tmp_path):
    """What the wheel would install: the package, and the model in it."""
    build = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    for name in build["packages"]:
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, tmp_path / "site" / name, ignore=skip)
    for source, target in build["force-include"].items():
        shutil.copy(PROJECT / source, tmp_path / "site" / target)
    return tmp_path / "site"


def test_the_installed_package_needs_no_package_of_the_study(wheel, photo, tmp_path):
    project = PYPROJECT["project"]
    study = {Requirement(one).name for one in project["optional-dependencies"]["study"]}
    modules = {
        name.replace("-", "_").replace("scikit_learn", "sklearn") for name in study
    }
    code = (
        "import sys; sys.modules |= dict.fromkeys(sys.argv[1].split(), None);"
        "from fer_transfer import Recogniser; import fer_transfer.recognise.model as model;"
        "assert str(model.default_model()).startswith(sys.argv[2]), model.default_model();"
        "from fer_transfer.recognise import __main__ as program;"
        "sys.exit(program.recognise(program.parse(sys.argv[3:])))"
    )
    names = " ".join(
        modules - {"packaging"} | {"ruamel", "tensorflow", "tf_keras", "onnx"}
    )
    call = ("-c", code, names, wheel, photo, "--out", "out")
    commands.python(*call, folder=tmp_path, env={"PYTHONPATH": str(wheel)})
    assert len(pd.read_csv(tmp_path / "out/faces.csv")) == 1


def test_importing_the_package_changes_no_variable_and_imports_nothing_heavy():
    code = (
        "import os, sys; before = dict(os.environ); import fer_transfer;"
        "assert dict(os.environ) == before;"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'cv2', 'tensorflow')))"
    )
    commands.python("-c", code)
