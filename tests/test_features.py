import logging
from pathlib import Path

import numpy as np
import pytest
import settings_files
import tiny
from small_sets import write_faces

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.extraction import feature_stats, frozen_pass
from fer_transfer.features.feature_store import Store, open_features
from fer_transfer.networks import inference, precision, runtime
from fer_transfer.settings.settings import Variant
from stages import features, weights
from tests.networks import BACKBONES, build, release, some_images


def measure(*batches: np.ndarray) -> feature_stats.Measurement:
    measured = feature_stats.Measurement()
    for batch in batches:
        measured.add(batch)
    return measured


def test_a_measurement_in_batches_is_that_of_the_whole():
    values = np.random.default_rng(0).normal(3, 2, (50, 4, 5)).astype(np.float32)
    got = measure(values[:20], values[20:]).as_dict()
    assert got["shape"] == [4, 5]
    assert got["min"] == values.min()
    assert got["max"] == values.max()
    assert got["mean"] == pytest.approx(values.mean(), rel=1e-5)
    assert got["spread"] == pytest.approx(values.std(axis=0).mean(), rel=1e-5)
    assert got["zeros"] == 0


def test_zeros_and_what_underflows_are_counted():
    values = np.array([[0, 1e-40, 1e-38, 1]], np.float32)
    got = measure(values).as_dict()
    assert got["zeros"] == 0.25
    assert got["subnormal"] == 0.5


@pytest.mark.parametrize("scale", [1, 0, 1e-19])
def test_features_that_vanish_are_named(scale, caplog):
    values = np.eye(3, dtype=np.float32) * np.float32(scale)
    with caplog.at_level(logging.WARNING):
        summary = feature_stats.summarize("mobilenet-random", [measure(values)])
    assert summary["informative"] == (scale == 1)
    message = "mobilenet-random's features are uninformative: they differ by"
    assert (message in caplog.text) == (scale != 1)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_features_that_overflow_stop_the_run(value):
    with np.errstate(invalid="ignore"):
        measured = measure(np.array([[1, value]], np.float32))
    message = "1 of v's features are infinite or not a number"
    with pytest.raises(InputError, match=message):
        feature_stats.summarize("v", [measured])


@pytest.fixture(scope="module", params=BACKBONES)
def network(request):
    built = build(request.param)
    yield built
    del built
    release()


# Of the largest value: what rounding adds up to over a network's depth.
BOUNDS = {"float32": 2e-5, "bfloat16": 3e-2}


HAS_BFLOAT16 = precision.has_bfloat16()
needs_bfloat16 = pytest.mark.skipif(not HAS_BFLOAT16, reason="no bfloat16 arithmetic")


@pytest.mark.parametrize(
    "in_precision", ["float32", pytest.param("bfloat16", marks=needs_bfloat16)]
)
def test_openvino_computes_what_tensorflow_computes(network, in_precision):
    pixels, _ = some_images(3)
    ours = inference.openvino_pass(network.frozen, in_precision)(pixels)
    reference = inference.tensorflow_pass(network.frozen)(pixels)
    for array, expected in zip(ours, reference, strict=True):
        assert array.dtype == np.float32
        size = np.abs(expected).max()
        np.testing.assert_allclose(
            array / size, expected / size, atol=BOUNDS[in_precision]
        )
    if in_precision == "bfloat16":  # and it is not float32 under another name
        assert max(np.abs(a - e).max() / np.abs(e).max() for a, e in zip(ours, reference, strict=True)) > BOUNDS["float32"]  # fmt: skip


def test_tensorflow_computes_where_openvino_is_missing(monkeypatch):
    tiny.install(monkeypatch)
    frozen = build("tiny").frozen
    assert inference.open_engine(frozen, "float32").name == "openvino"
    monkeypatch.setattr(inference, "find_spec", lambda name: None)
    assert inference.open_engine(frozen, "float32").name == "tensorflow"


def test_an_engine_passes_the_images_where_every_layer_trains(monkeypatch):
    tiny.install(monkeypatch)
    frozen = build("tiny", "all").frozen
    pixels, _ = some_images(3)
    (images,) = inference.openvino_pass(frozen, "float32")(pixels)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, pixels)


def counting(kill_after: int = 99) -> inference.Engine:
    """An engine whose features are the image's number in the set, and that can die."""
    calls = []

    def compute(pixels: np.ndarray) -> list[np.ndarray]:
        calls.append(len(pixels))
        if len(calls) > kill_after:
            raise KeyboardInterrupt
        numbers = pixels[:, 0, :1].astype(np.float32)
        return [numbers, np.repeat(numbers, 2, axis=1)]

    return inference.Engine("counting", compute)


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """The images of a pass that was killed in its fourth batch, and where it keeps its state."""
    monkeypatch.setattr("fer_transfer.features.feature_store.CHECKPOINT_SECONDS", 0)
    pixels = np.tile(np.arange(11, dtype=np.uint8)[:, None, None], (1, 48, 48))
    part = tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        frozen_pass.store(Store(part, 11, "a"), counting(kill_after=3), pixels, 2)
    return pixels, part


@pytest.mark.parametrize(("key", "num_kept"), [("a", 6), ("b", 0)])
def test_a_pass_that_was_killed_goes_on_if_it_is_the_same_pass(
    killed, tmp_path, key, num_kept
):
    pixels, part = killed
    again = Store(part, 11, key)
    assert again.num_done == num_kept
    measured = frozen_pass.store(again, counting(), pixels, 2)
    undisturbed = frozen_pass.store(
        Store(tmp_path / "other", 11, "a"), counting(), pixels, 2
    )
    assert [m.as_dict() for m in measured] == [m.as_dict() for m in undisturbed]
    again.finish(tmp_path / "features")
    first, second = open_features(tmp_path / "features")
    assert first[:, 0].tolist() == second[:, 1].tolist() == list(range(11))
    names = sorted(path.name for path in (tmp_path / "features").iterdir())
    assert names == ["0.npy", "1.npy"]


# 136 bytes: NumPy's header and a value or two.
@pytest.mark.parametrize(
    ("name", "size"),
    [("0.npy", 136), ("1.npy", 136), ("0.npy", 0), ("checkpoint.json", 0)],
)
def test_a_pass_does_not_go_on_from_files_that_were_cut_short(killed, name, size):
    pixels, part = killed
    (part / name).write_bytes((part / name).read_bytes()[:size])
    again = Store(part, 11, "a")
    frozen_pass.store(again, counting(), pixels, 2)
    assert again.arrays[0][:, 0].tolist() == list(range(11))
    assert again.arrays[1][:, 1].tolist() == list(range(11))


def test_a_frozen_random_mobilenet_has_nothing_to_learn_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings_files.write_one("openface-random")
    pixels, labels = some_images(4)
    write_faces(labels, pixels)
    weights.main("mobilenet-random")
    features.main("mobilenet-random")
    metrics = files.read_json(Path("metrics/features/mobilenet-random.json"))
    assert metrics["informative"] is False
    assert (metrics["engine"], metrics["precision"]) == ("openvino", "float32")
    tensor = metrics["tensors"][0]
    assert tensor["shape"] == [7, 7, 1024]
    # Tiny, and still there: half precision would have stored zeros.
    assert 1e-21 < tensor["max"] < 1e-17
    assert tensor["zeros"] < 0.5  # channels whose rectified inputs are all zero
    assert tensor["subnormal"] == 0
    assert [path.name for path in Path("data/features").iterdir()] == [
        "mobilenet-random"
    ]


class KeyKnownError(Exception):
    """Ends a stage once it has named its state."""


def test_a_pass_does_not_go_on_from_one_of_other_weights_images_or_versions(
    tmp_path, monkeypatch
):
    def stop(folder: Path, num_images: int, key: str) -> None:
        raise KeyKnownError(key)

    def key() -> str:
        with pytest.raises(KeyKnownError) as caught:
            features.main("tiny-random")
        return str(caught.value)

    monkeypatch.chdir(tmp_path)
    tiny.install(monkeypatch)
    monkeypatch.setattr(frozen_pass, "Store", stop)
    monkeypatch.setattr(runtime, "VERSIONS", tmp_path / "versions.txt")
    variant = {"backbone": "tiny", "weights": "random", "trainable_layers": 4}
    settings_files.write_one("openface-random")
    settings_files.change({"variants.tiny-random": variant | {"seed": 1}})
    Path("versions.txt").write_text("")
    pixels, labels = some_images(4)
    write_faces(labels, pixels)
    weights.main("tiny-random")
    keys = [key()]
    assert key() == keys[0]
    Path("versions.txt").write_text(f"numpy=={np.__version__}\n")
    keys.append(key())
    settings_files.change({"variants.tiny-random.seed": 2})
    weights.main("tiny-random")
    keys.append(key())
    write_faces(labels, ~pixels)
    keys.append(key())
    assert len(set(keys)) == len(keys)


@pytest.fixture
def _float32_again():
    yield
    precision.set_precision("float32")


@pytest.mark.usefixtures("_float32_again")
@pytest.mark.parametrize(
    ("backbone", "expected"), [("openface", "float32"), ("mobilenet", "bfloat16")]
)
def test_bfloat16_is_used_where_it_is_faster(monkeypatch, backbone, expected):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    variant = Variant(backbone=backbone, trainable_layers=4, precision="bfloat16")
    assert frozen_pass.set_precision(variant, "float32") == expected


def test_float32_is_used_where_there_is_no_bfloat16_and_that_is_said(
    monkeypatch, caplog
):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    assert precision.resolve_precision("bfloat16") == "float32"
    assert "it computes in float32" in caplog.text


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("avx2 avx512f avx512_bf16", True), ("avx512f avx512_vnni", False)],
)
def test_a_processor_that_has_bfloat16_says_so(tmp_path, flags, expected):
    processor = tmp_path / "cpuinfo"
    processor.write_text(f"model name: some\nflags: fpu {flags} sse\n")
    assert precision.has_bfloat16(processor) == expected


def test_features_that_are_there_are_replaced(tmp_path):
    """DVC removes what a stage writes before it runs it, and makes it read-only after."""
    place = tmp_path / "openface-random"
    for value in (1, 2):
        store = Store(tmp_path / ".openface-random.part", 3, key=str(value))
        store.add([np.full((3, 2), value, np.float32)])
        store.finish(place)
        (place / "0.npy").chmod(0o444)
    [features] = open_features(place)
    assert (features == 2).all()
    assert [path.name for path in place.iterdir()] == ["0.npy"]
