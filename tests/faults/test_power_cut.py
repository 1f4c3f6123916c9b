"""What a power cut leaves: new files cut short. The next `dvc repro` reaches the same end."""

import itertools
import os
import shutil
from pathlib import Path

import projects
import pytest
from interrupted import LONG, TARGET, VARIANT, cached, cases, state

pytestmark = pytest.mark.slow

# A file of each kind, by the stage that writes it.
FILES = {
    "download": ["data/raw/fer2013.csv"],
    "prepare": [
        "data/faces/images.npy",
        "data/faces/faces.csv",
        "metrics/dataset.json",
    ],
    "split@random": ["data/splits/random.npz", "metrics/split/random.json"],
    "weights": [f"data/weights/{VARIANT}.h5", f"metrics/weights/{VARIANT}.json"],
    "features": [f"data/features/{VARIANT}/0.npy", f"metrics/features/{VARIANT}.json"],
    "train": [
        f"data/runs/{VARIANT}/{name}"
        for name in ("weights.h5", "history.csv", "probabilities.npz")
    ],
    "evaluate": [f"metrics/test/{VARIANT}.json", f"plots/history/{VARIANT}.csv"],
    "tabulate": ["metrics/study/table2.json", "plots/study/groups.csv"],
    "plot": ["plots/faces/figure-01.png", "plots/figures/figure-05.png"],
    "report": ["plots/report.html"],
}
REACHED = list(FILES) if LONG else list(FILES)[:7]
KEPT = {"half": 2, "nothing": 0}  # what is left: the size divided by this, or none


def cut(path, kept):
    """Shorten a file in place: whatever is linked to it is shortened too."""
    mode, divisor = path.stat().st_mode, KEPT[kept]
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size // divisor if divisor else 0)
    path.chmod(mode)


def cut_all(folder, stage, kept):
    for name in FILES[stage]:
        cut(folder / name, kept)


@pytest.mark.long
@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("stage", REACHED)
def test_files_that_were_cut_short_are_made_or_restored(study, tmp_path, stage, kept):
    folder = study.copy(study.whole, tmp_path, linked=False)
    cut_all(folder, stage, kept)
    study.check_repaired(folder)


# Where file systems have no reflinks a file is the object of DVC's cache too: DVC trusts it.
@pytest.mark.parametrize(
    ("stage", "kept"), cases(itertools.product(REACHED, KEPT), [("train", "half")])
)
def test_with_the_cache_s_own_they_are_after_verify(study, tmp_path, stage, kept):
    folder = study.copy(study.whole, tmp_path)
    cut_all(folder, stage, kept)
    study.verify(folder)
    study.check_repaired(folder)


@pytest.mark.long
@pytest.mark.parametrize("kept", KEPT)
def test_all_at_once(study, tmp_path, kept):
    folder = study.copy(study.whole, tmp_path)
    for stage in REACHED:
        cut_all(folder, stage, kept)
    study.verify(folder)
    study.check_repaired(folder)


@pytest.mark.long
@pytest.mark.parametrize("kept", KEPT)
def test_an_object_of_the_cache_that_was_cut_short_is_not_restored(
    study, tmp_path, kept
):
    folder = study.copy(study.whole, tmp_path)
    path = FILES["train"][0]
    cut(cached(folder, path), kept)
    shutil.rmtree((folder / path).parent)
    study.verify(folder)
    output = study.check_repaired(folder)
    assert f"train@{VARIANT}" in projects.ran(output)


@pytest.mark.long
@pytest.mark.parametrize("kept", KEPT)
def test_a_checkpoint_that_was_cut_short_is_not_gone_on_from(
    study, checkpointed, tmp_path, kept
):
    folder = study.copy(checkpointed, tmp_path)
    (checkpoint,) = folder.glob(".ckpt/*/epoch.npz")
    cut(checkpoint, kept)
    assert "epoch.npz is damaged" in study.check_repaired(folder)


@pytest.mark.long
@pytest.mark.parametrize("kept", KEPT)
def test_what_a_killed_stage_was_writing_is_replaced(study, tmp_path, kept):
    folder = study.copy(study.start, tmp_path)
    for name in itertools.chain.from_iterable(FILES[stage] for stage in REACHED):
        if not (folder / name).exists():
            part = (folder / name).with_name(f".{Path(name).name}.part")
            part.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(study.whole / name, part)
            cut(part, kept)
    study.check_repaired(folder)


# DVC writes these in place, so a power cut may leave a part.
@pytest.mark.long
@pytest.mark.parametrize("kept", KEPT)
def test_a_lock_that_was_cut_short_is_taken_from_git(study, tmp_path, kept):
    folder = study.copy(study.whole, tmp_path)
    cut(folder / "dvc.lock", kept)
    done = projects.dvc(folder, study.env, "repro", *TARGET, expected=255)
    assert "'./dvc.lock' validation failed" in done.stderr
    assert state(folder) == study.expected
    # DVC hands every new lock to Git's index (core.autostage), so no commit is needed.
    projects.git(folder, "checkout", "dvc.lock")
    study.check_repaired(folder)


@pytest.mark.long
@pytest.mark.parametrize("kept", KEPT)
def test_after_verify_a_list_of_running_stages_that_was_cut_short_does_not_matter(
    study, tmp_path, kept
):
    folder = study.copy(study.start, tmp_path)
    (folder / ".dvc/tmp").mkdir(exist_ok=True)
    running = folder / ".dvc/tmp/rwlock"
    running.write_text('{"write": {"a": {"pid": 1, "cmd": "dvc repro"}}}')
    cut(running, kept)
    study.check_refused(folder)
    study.verify(folder)
    study.check_repaired(folder)
