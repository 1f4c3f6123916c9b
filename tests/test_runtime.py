import gc
from importlib import metadata

import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.networks import runtime

HERE = metadata.version("numpy")


@pytest.fixture
def rest_on(tmp_path, monkeypatch):
    """Let results rest on these versions."""

    def rest_on(*lines):
        path = tmp_path / "versions.txt"
        path.write_text("".join(f"{line}\n" for line in lines))
        monkeypatch.setattr(runtime, "VERSIONS", path)

    return rest_on


def test_what_is_installed_is_what_results_rest_on():
    runtime.check_versions()


def test_another_version_is_refused_with_both_ways_out(rest_on):
    rest_on(f"numpy=={HERE}", "h5py==1.2.3")
    found = metadata.version("h5py")
    message = (
        rf"h5py {found} is installed, and the results of this study rest on 1\.2\.3 "
        rf"\(versions\.txt\)\. Run `make install`; or, to move the study to {found}, write"
    )
    with pytest.raises(InputError, match=message):
        runtime.check_versions()


@pytest.mark.parametrize(("marker", "refused"), [("<", False), (">=", True)])
def test_a_version_for_another_python_is_not_asked_for(rest_on, marker, refused):
    rest_on(f"numpy==1.0 ; python_full_version {marker} '3.0'")
    if refused:
        with pytest.raises(InputError, match=f"numpy {HERE} is installed"):
            runtime.check_versions()
    else:
        runtime.check_versions()


def test_openvino_may_be_missing_and_nothing_else(rest_on, monkeypatch):
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    rest_on("openvino==0.1", f"numpy=={HERE}")
    runtime.check_versions()
    rest_on("numpy==1.0")
    with pytest.raises(InputError):
        runtime.check_versions()


def test_garbage_is_collected_again_once_tensorflow_is_imported():
    assert gc.isenabled()
    # What TensorFlow made is not looked at again.
    assert gc.get_freeze_count() > 100_000
