"""Runs before any test module is imported."""

import fcntl
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import browsers
import pytest
from hypothesis import HealthCheck, settings

import stages  # noqa: F401  # chooses Keras 2, which must come before TensorFlow

# oneDNN's allocator never gives memory back, and VGG-Face would leave 3 GB in each process that
# built it once. Where tests compute in their own process, TensorFlow computes without oneDNN.
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
os.environ[ONEDNN] = "0"  # read when a test module imports TensorFlow

# Few cases, and the same ones each time, unless `make fuzz` asks for thousands of new ones.
SHARED = {
    "database": None,
    "deadline": None,
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
}
settings.register_profile("short", max_examples=10, derandomize=True, **SHARED)
settings.register_profile("long", max_examples=500, print_blob=True, **SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))


# What takes longest, which starts first: nothing waits for it at the end. Tests of one folder
# or file run in one process, so that what they share is made once.
LONGEST = (
    *("faults", "test_experiments", "test_train", "test_unchanged", "fleet"),
    *("test_environment", "test_new_backbone", "test_workflow", "test_staleness"),
    *("test_split_model", "test_features", "test_report", "test_efficientnetb0"),
    *("test_weights", "test_export"),
)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def group(item: pytest.Item) -> str:
        folder = item.path.parent.name
        return folder if folder in LONGEST else item.path.stem

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=lambda item: (*LONGEST, group(item)).index(group(item)))


@pytest.fixture(autouse=True, scope="session")
def _stages_compute_as_they_do() -> None:
    """Let the processes that tests start compute as users' do, by oneDNN."""
    del os.environ[ONEDNN]


@pytest.fixture(autouse=True, scope="module")
def _forget_networks() -> Iterator[None]:
    """Give back what a module's networks took: VGG-Face's alone have half a gigabyte each."""
    yield
    if "tf_keras" in sys.modules:
        sys.modules["tf_keras"].backend.clear_session()
        gc.collect()


@pytest.fixture(autouse=True)
def _one_vggface_at_a_time(request, tmp_path_factory) -> Iterator[None]:
    """Let the processes of `make test-slow` take turns with VGG-Face, of up to 4 GB with its training."""
    if "vggface" not in request.node.name or "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    shared = tmp_path_factory.getbasetemp().parent
    with (shared / "vggface.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file is closed
        yield


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """Work in an empty project, without a mirror; return the folder it lies in."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("FER_MIRROR", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium without a network; a test that asks for it is marked `needs_chromium`."""
    driver = browsers.start(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()
