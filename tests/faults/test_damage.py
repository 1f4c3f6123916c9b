"""A flipped byte, wherever it lies: the next `dvc repro` reaches the undisturbed end."""

import os
import random
import shutil

import projects
import pytest
from interrupted import ROUNDS, VARIANT, cached, cases

pytestmark = pytest.mark.slow

FILES = {
    "features": f"data/features/{VARIANT}/0.npy",
    "weights": f"data/weights/{VARIANT}.h5",
    "images": "data/faces/images.npy",
    "trained network": f"data/runs/{VARIANT}/weights.h5",
}


def flip(path, number):
    """Change one bit in place: whatever is linked to the file changes too."""
    mode = path.stat().st_mode
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[random.Random(number).randrange(len(content))] ^= 1 << number % 8
    with path.open("r+b") as file:
        file.write(content)
    path.chmod(mode)


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("what", cases(FILES, []))
def test_a_flipped_byte_in_a_file_is_mended(study, tmp_path, what, number):
    folder = study.copy(study.whole, tmp_path, linked=False)
    flip(folder / FILES[what], number)
    study.check_repaired(folder)


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("what", cases(FILES, ["features"]))
def test_with_the_cache_s_own_it_is_after_verify(study, tmp_path, what, number):
    folder = study.copy(study.whole, tmp_path)
    times = (folder / FILES[what]).stat()
    flip(folder / FILES[what], number)
    # A medium that rots changes no time.
    os.utime(folder / FILES[what], ns=(times.st_atime_ns, times.st_mtime_ns))
    study.verify(folder)
    study.check_repaired(folder)


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_flipped_byte_in_the_cache_is_not_restored(study, tmp_path, number):
    folder = study.copy(study.whole, tmp_path)
    path = FILES["trained network"]
    flip(cached(folder, path), number)
    shutil.rmtree((folder / path).parent)
    study.verify(folder)
    output = study.check_repaired(folder)
    assert f"train@{VARIANT}" in projects.ran(output)


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_training_does_not_go_on_from_a_damaged_checkpoint(
    study, checkpointed, tmp_path, number
):
    folder = study.copy(checkpointed, tmp_path)
    (checkpoint,) = folder.glob(".ckpt/*/epoch.npz")
    flip(checkpoint, number)
    output = study.check_repaired(folder)
    assert "epoch.npz is damaged" in output
