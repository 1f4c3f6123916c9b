"""A flipped byte, wherever it lies: the next `dvc repro` reaches the undisturbed end."""

import os
import random
import shutil
import signal
import time

import projects
import pytest
from interrupted import ROUNDS, VARIANT, begin
from test_kills import wait_until_all_ended

FILES = {
    "features": f"data/features/{VARIANT}/0.npy",
    "weights": f"data/weights/{VARIANT}.h5",
    "images": "data/images.npz",
    "trained network": f"data/runs/{VARIANT}/weights.h5",
}
CHOSEN = FILES if ROUNDS > 1 else ("features", "weights")


def flip(path, number):
    """Change one bit in place: whatever is linked to the file changes too."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[random.Random(number).randrange(len(content))] ^= 1 << number % 8
    with path.open("r+b") as file:
        file.write(content)


def cached(folder, path):
    """Return the object of DVC's cache that holds what a file holds."""
    content = (folder / path).read_bytes()
    (found,) = [
        one
        for one in (folder / ".dvc/cache").rglob("*")
        if one.is_file() and one.read_bytes() == content
    ]
    return found


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("what", CHOSEN)
def test_a_flipped_byte_in_a_file_is_mended(study, tmp_path, what, number):
    folder = study.copy(study.whole, tmp_path)
    flip(folder / FILES[what], number)
    study.check_repaired(folder)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_flipped_byte_in_the_cache_is_not_restored(study, tmp_path, number):
    folder = study.copy(study.whole, tmp_path)
    path = FILES["trained network"]
    flip(cached(folder, path), number)
    shutil.rmtree((folder / path).parent)
    output = study.check_repaired(folder)
    assert f"train@{VARIANT}" in projects.ran(output)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_training_does_not_go_on_from_a_damaged_checkpoint(study, tmp_path, number):
    folder = study.copy(study.start, tmp_path)
    with begin(folder, study.env) as dvc:
        while not (found := list(folder.glob(".ckpt/*/epoch.npz"))):
            assert dvc.poll() is None, "No checkpoint was seen."
            time.sleep(0.005)
        os.killpg(dvc.pid, signal.SIGKILL)
        dvc.communicate(timeout=60)
        wait_until_all_ended(dvc.pid)
    flip(found[0], number)
    output = study.check_repaired(folder)
    assert "epoch.npz is damaged" in output
