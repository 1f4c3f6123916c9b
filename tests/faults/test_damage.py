"""Files cut short by a power cut, or with a flipped bit: `dvc repro` reaches the same end."""

import itertools
import os
import random
import shutil
from pathlib import Path

import projects
import pytest
from interrupted import LONG, ROUNDS, TARGET, VARIANT, state

pytestmark = pytest.mark.slow

# A file of each stage, and of each kind.
FILES = {
    "download": "data/raw/images.npy",
    "prepare": "data/faces/images.npy",
    "split": "metrics/split/random.json",
    "weights": f"data/weights/{VARIANT}.h5",
    "features": f"data/features/{VARIANT}/0.npy",
    "train": f"data/runs/{VARIANT}/weights.h5",
    "history": f"data/runs/{VARIANT}/history.csv",
    "evaluate": f"plots/history/{VARIANT}.csv",
    "tabulate": "metrics/study/table2.json",
    "plot": "plots/faces/figure-01.png",
    "report": "plots/report.html",
}
REACHED = list(FILES) if LONG else list(FILES)[:8]
CUTS = ("half", "empty")
DAMAGE = (*CUTS, *(f"bit {number}" for number in range(ROUNDS)))


def damage(path, kind):
    """Damage a file in place, and so whatever is linked to it; its time stays as it was."""
    status = path.stat()
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    if kind.startswith("bit"):
        content[random.Random(kind).randrange(len(content))] ^= 1
    else:
        del content[len(content) // 2 if kind == "half" else 0 :]
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
    path.chmod(status.st_mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.long
@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("name", REACHED)
def test_a_damaged_file_is_made_or_restored(study, tmp_path, name, kind):
    folder = study.copy(study.whole, tmp_path, linked=False)
    damage(folder / FILES[name], kind)
    os.utime(folder / FILES[name])
    study.check_repaired(folder)


ONE_EACH = [{name: kind} for name, kind in itertools.product(REACHED, DAMAGE)]


# Where file systems have no reflinks a file is the object of DVC's cache too: DVC trusts it.
@pytest.mark.parametrize(
    "damaged",
    [
        {"train": "half", "features": "bit 0"},
        *(pytest.param(one, marks=pytest.mark.long) for one in ONE_EACH),
    ],
    ids=str,
)
def test_one_that_is_damaged_in_the_cache_too_is_after_verify(study, tmp_path, damaged):
    folder = study.copy(study.whole, tmp_path)
    for name, kind in damaged.items():
        damage(folder / FILES[name], kind)
    study.verify(folder)
    study.check_repaired(folder)
    if (
        "features" in damaged
    ):  # made again, they lie in data/ and in DVC's cache as one file
        assert (folder / FILES["features"]).stat().st_nlink == 2


@pytest.mark.long
@pytest.mark.parametrize("kind", DAMAGE)
def test_training_does_not_go_on_from_a_damaged_checkpoint(
    study, checkpointed, tmp_path, kind
):
    folder = study.copy(checkpointed, tmp_path)
    (checkpoint,) = folder.glob(".ckpt/*/epoch.npz")
    damage(checkpoint, kind)
    assert "epoch.npz is damaged" in study.check_repaired(folder)


@pytest.mark.long
@pytest.mark.parametrize("kind", CUTS)
def test_what_a_killed_stage_was_writing_is_replaced(study, tmp_path, kind):
    folder = study.copy(study.start, tmp_path)
    for name in (FILES[name] for name in REACHED):
        if not (folder / name).exists():
            part = (folder / name).with_name(f".{Path(name).name}.part")
            part.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(study.whole / name, part)
            damage(part, kind)
    study.check_repaired(folder)


# DVC writes these in place, so a power cut may leave a part.
@pytest.mark.long
@pytest.mark.parametrize("kind", CUTS)
def test_a_lock_that_was_cut_short_is_taken_from_git(study, tmp_path, kind):
    folder = study.copy(study.whole, tmp_path)
    damage(folder / "dvc.lock", kind)
    done = projects.dvc(folder, study.env, "repro", *TARGET, expected=255)
    assert "'./dvc.lock' validation failed" in done.stderr
    assert state(folder) == study.expected
    # DVC hands every new lock to Git's index (core.autostage), so no commit is needed.
    projects.git(folder, "checkout", "dvc.lock")
    study.check_repaired(folder)
