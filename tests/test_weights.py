import hashlib
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import settings_files
import studies
import tf_keras as keras
from deepface.models.facial_recognition.tf import VGGFace

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.export import onnx_export
from fer_transfer.extraction.feature_stats import Measurement, summarize
from fer_transfer.fetching import addresses, fetch
from fer_transfer.networks import building, onnx_weights
from fer_transfer.settings.settings import load_settings
from fer_transfer.synthetic import drawing
from stages import weights
from tests.networks import BACKBONES, network_of, release


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder whose mirror is its subfolder `mirror`."""
    monkeypatch.chdir(tmp_path)
    Path("mirror").mkdir()
    monkeypatch.setenv("FER_MIRROR", "mirror")
    settings_files.write_one("openface-random")
    return tmp_path


def publish(model: keras.Model, backbone: str, listed: bool = True) -> None:
    """Write a weights file as its owner lays it out, and vouch for it in the mirror."""
    name = addresses.file_name(building.spec_of(backbone).weights_url)
    model.save_weights(f"mirror/{name}")
    digest = files.digest(Path(f"mirror/{name}"), "sha256")
    Path("mirror/SHA256SUMS").write_text(f"{digest}  {name}\n" if listed else "")


def official_layout(backbone: str) -> keras.Model:
    """The network whose weights the official file holds: VGG-Face's has its classifier."""
    keras.utils.set_random_seed(11)
    if backbone == "vggface":
        return VGGFace.base_model()
    return building.build(backbone, None)


def hashed(values: np.ndarray) -> tuple[tuple[int, ...], str]:
    return values.shape, hashlib.sha256(values).hexdigest()


def written(path: Path) -> list[np.ndarray]:
    """Read a weights file in the order in which Keras would hand it to a network."""
    with h5py.File(path) as file:
        layers = [file[name] for name in file.attrs["layer_names"]]
        return [
            layer[name][()] for layer in layers for name in layer.attrs["weight_names"]
        ]


@pytest.mark.parametrize("backbone", BACKBONES)
def test_an_official_file_becomes_the_backbones_weights(project, backbone):
    published = official_layout(backbone)
    publish(published, backbone)
    expected = [
        hashed(values)
        for layer in published.layers
        for values in map(np.asarray, layer.weights)
    ]
    del published
    release()  # one network at a time: VGG-Face takes half a gigabyte
    weights.main(f"{backbone}-pretrained")
    release()
    values = written(Path(f"data/weights/{backbone}-pretrained.h5"))
    found = [hashed(one) for one in values]
    assert found == expected[: len(found)]
    assert sum(map(np.size, values)) == studies.PARAMETERS[backbone]
    origin = files.read_json(Path(f"metrics/weights/{backbone}-pretrained.json"))
    assert origin["source"] == "mirror"
    assert origin["official"] is False


def test_a_file_that_nobody_vouches_for_is_refused(project):
    publish(official_layout("openface"), "openface", listed=False)
    message = f"expected {building.spec_of('openface').weights_hash}.*got sha256:[0-9a-f]{{64}}"
    with pytest.raises(InputError, match=message):
        weights.main("openface-pretrained")
    assert list(Path("data").rglob("*.h5")) == []


def first_values(file: h5py.File) -> str:
    """Return the name of the file's first array of weights."""
    names: list[str] = []
    file.visit(names.append)
    return next(name for name in names if isinstance(file[name], h5py.Dataset))


def replace_values(file: h5py.File, values: object) -> None:
    name = first_values(file)
    del file[name]
    file[name] = values


def keep_elsewhere(file: h5py.File, how: str) -> None:
    """Move an array into another file, which the right values come from when h5py reads on."""
    name = first_values(file)
    values = file[name][()]
    del file[name]
    other = Path("other").resolve()
    if how == "bytes":
        values.tofile(other)
        place = [(str(other), 0, values.nbytes)]
        file.create_dataset(name, values.shape, values.dtype, external=place)
        return
    with h5py.File(other, "w") as lender:
        lender["values"] = values
    if how == "link":
        file[name] = h5py.ExternalLink(other, "values")
    else:
        layout = h5py.VirtualLayout(values.shape, values.dtype)
        layout[...] = h5py.VirtualSource(other, "values", values.shape)
        file.create_virtual_dataset(name, layout)


# What a mirror's owner may take for openface_weights.h5 and vouch for: another file, or the
# right one changed in this way.
WRONG_FILES = {
    "a page": b"<html></html>",
    "truncated": 100_000,
    "another shape": lambda file: replace_values(file, np.zeros((2, 2), np.float32)),
    "values behind a link": lambda file: keep_elsewhere(file, "link"),
    "values in another file's bytes": lambda file: keep_elsewhere(file, "bytes"),
    "values in a virtual data set": lambda file: keep_elsewhere(file, "virtual"),
    "not a number": lambda file: replace_values(file, np.full(64, np.nan, np.float32)),
}
PUBLISHED = f"mirror/{addresses.file_name(building.spec_of('openface').weights_url)}"


@pytest.fixture(scope="module")
def right_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("right") / "weights.h5"
    official_layout("openface").save_weights(path)
    return path.read_bytes()


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_that_somebody_vouches_for_is_refused(project, right_file, name):
    change, path = WRONG_FILES[name], Path(PUBLISHED)
    if callable(change):
        path.write_bytes(right_file)
        with h5py.File(path, "r+") as file:
            change(file)
    else:
        path.write_bytes(change if isinstance(change, bytes) else right_file[:change])
    Path("mirror/SHA256SUMS").write_text(
        f"{files.digest(path, 'sha256')}  {path.name}\n"
    )
    message = r"openface_weights\.h5 does not hold this network's weights: .*replace it"
    with pytest.raises(InputError, match=message):
        weights.main("openface-pretrained")
    assert list(Path("data").rglob("*")) == []
    assert not Path("metrics").exists()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model file of a MobileNet for 48 pixels and three classes, and its backbone."""
    keras.utils.set_random_seed(7)
    network = network_of("mobilenet", "all", size=48, num_classes=3)
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tf2onnx and TensorFlow
        path.write_bytes(onnx_export.finish(onnx_export.to_onnx(network.whole), {}))
    return path, network.backbone


def start_from(path: Path, digest: str) -> None:
    started = {"backbone": "mobilenet", "weights": str(path), "hash": digest}
    settings_files.change({"variants.mine": started | {"trainable_layers": "all"}})


@pytest.mark.usefixtures("project")
def test_a_backbone_starts_from_a_model_file_s_weights_as_the_file_rounds_them(
    exported,
):
    path, backbone = exported
    digest = files.digest(path, "sha256")
    start_from(path, f"sha256:{digest}")
    weights.main("mine")
    expected = [
        value.astype(np.float16).astype(np.float32) if value.ndim > 1 else value
        for value in backbone.get_weights()
    ]
    stored = building.build("mobilenet", None)
    stored.load_weights("data/weights/mine.h5")
    for value, other in zip(stored.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(value, other)
    origin = files.read_json(Path("metrics/weights/mine.json"))
    assert (origin["source"], origin["sha256"]) == ("model", digest)


@pytest.mark.usefixtures("project")
def test_a_model_file_that_was_replaced_or_is_another_backbone_s_is_refused(exported):
    path, _ = exported
    start_from(path, f"sha256:{'0' * 64}")
    with pytest.raises(InputError, match=r"Checksum mismatch of .*model\.onnx"):
        weights.main("mine")
    with pytest.raises(InputError, match=r"lacks 224 of its 224 weights"):
        onnx_weights.assign(building.build("openface", None), path)
    Path("text.onnx").write_text("not a model")
    with pytest.raises(InputError, match=r"text\.onnx is not an ONNX file"):
        onnx_weights.read_weights(Path("text.onnx"))


def test_random_weights_need_no_download_and_are_written_with_the_same_bytes(
    project, monkeypatch
):
    monkeypatch.setattr(fetch, "fetch", None)
    written = set()
    for seed in (1, 2):
        keras.backend.clear_session()  # its counters name the layers; a stage starts anew
        keras.utils.set_random_seed(seed)
        weights.main("openface-random")
        written.add(Path("data/weights/openface-random.h5").read_bytes())
    assert len(written) == 1


@pytest.mark.parametrize("backbone", ["resnet29", "efficientnetb0"])
def test_random_weights_depend_on_the_seed_alone(backbone):
    first, again, other = (
        weights.random_weights(backbone, seed).get_weights() for seed in (7, 7, 8)
    )
    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))


def test_with_the_demo_s_stand_in_weights_mobilenet_tells_images_apart(tmp_path):
    settings = load_settings(settings_files.ROOT / "params.demo.yaml")
    file = tmp_path / "mobilenet.h5"
    weights.stand_in_weights("mobilenet", settings.synthetic).save_weights(file)
    pixels, _, _ = drawing.draw(8, 8, settings.synthetic.seed)
    measured = Measurement()
    frozen = network_of("mobilenet", 4, file).frozen
    measured.add(frozen.predict_on_batch(pixels))
    assert summarize("mobilenet", [measured])["informative"]
