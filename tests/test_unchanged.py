import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import projects
import pytest
import toys
from dvc.repo import Repo

from fer_transfer.console.errors import InputError
from tools import pipeline
from tools.unchanged import __main__ as unchanged
from tools.unchanged import differences, plan, sides, small

pytestmark = [
    pytest.mark.slow,
    # DVC uses a deprecated property of pygtrie.
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    toys.make(folder, projects.environment(folder.parent))
    return folder


@pytest.fixture
def toy(made, tmp_path, monkeypatch):
    """A toy project with results, in which the test stands."""
    folder = tmp_path / "toy"
    shutil.copytree(made, folder)
    for key, value in projects.environment(tmp_path).items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(folder)
    return folder


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new))


def commit() -> None:
    projects.commit(Path(), "An edit")


def would_run() -> list[str]:
    stages = Repo().reproduce(dry=True, allow_missing=True)
    return [stage.addressing for stage in stages]


def outs() -> dict[str, dict[str, str]]:
    entries = pipeline.entries(Path("dvc.lock").read_text())
    return {name: entry.outs for name, entry in entries.items()}


def test_a_comment_a_renamed_function_and_a_reordered_import_pass(
    toy, caplog, monkeypatch
):
    edit("fer_transfer/common.py", "def settings", "# All of them.\ndef settings")
    edit("stages/train.py", "train_epoch", "one_epoch")
    edit("stages/train.py", "import sys\nimport time\n", "import time\nimport sys\n")
    commit()
    for key, value in projects.failing_hooks(toy.parent).items():
        monkeypatch.setenv(key, value)
    before = outs()
    assert "train@a" in would_run()
    with caplog.at_level("INFO"):
        unchanged.main("")
    assert outs() == before
    assert would_run() == ["download", "report"]
    assert "Killed at a checkpoint (a); going on." in caplog.text
    assert (
        "runs again: download (the small part has another data.source)" in caplog.text
    )


@pytest.mark.parametrize(
    ("path", "old", "new", "named"),
    [
        (
            "stages/evaluate.py",
            "SCALE = 2",
            "SCALE = 3",
            "evaluate@a: metrics/test/a.json: twin_free: ",
        ),
        (
            "stages/train.py",
            "START = 0.5",
            "START = 0.25",
            "train@a: data/runs/a/weights.npz: weights: 8 of 8 values, by at most 0.25",
        ),
        (
            "stages/prepare.py",
            "[pixels, 255 - pixels]",
            "[255 - pixels, pixels]",
            "train@a: data/runs/a/weights.npz: weights: 8 of 8 values, by at most ",
        ),
    ],
    ids=["constant", "initial value", "swapped channel"],
)
def test_a_change_of_results_does_not_pass_and_is_named(
    toy, caplog, path, old, new, named
):
    edit(path, old, new)
    commit()
    before = Path("dvc.lock").read_bytes()
    with (
        caplog.at_level("INFO"),
        pytest.raises(InputError, match="Nothing was recorded"),
    ):
        unchanged.main("")
    assert f"differs: {named}" in caplog.text
    assert Path("dvc.lock").read_bytes() == before
    assert projects.git(toy, "worktree", "list").count("\n") == 1


CONVERT = """\
def convert(outs):
    new = {}
    for path, content in outs.items():
        if path.startswith("plots/predictions"):
            path = path.replace(".csv", ".txt")
            content = content.replace(b"predicted\\n", b"").replace(b"happy\\n", b"3")
        new[path] = content.replace(b"twin_free", b"deduplicated")
    return new
"""


def reformat_predictions() -> None:
    edit("stages/evaluate.py", "twin_free", "deduplicated")
    edit("stages/evaluate.py", '.csv", "predicted\\n" + "happy\\n" * 3', '.txt", "333"')
    edit("dvc.yaml", "predictions/${key}.csv", "predictions/${key}.txt")
    commit()


def test_a_conversion_that_is_proven_is_applied_to_the_real_outputs(toy, tmp_path):
    reformat_predictions()
    value = json.loads(Path("metrics/test/a.json").read_text())["twin_free"]
    (tmp_path / "convert.py").write_text(CONVERT)
    unchanged.main(str(tmp_path / "convert.py"))
    assert json.loads(Path("metrics/test/a.json").read_text()) == {
        "deduplicated": value
    }
    assert [path.name for path in Path("plots/predictions").iterdir()] == ["a.txt"]
    assert would_run() == ["report"]


def test_a_conversion_that_is_not_right_is_named(toy, tmp_path, caplog):
    reformat_predictions()
    (tmp_path / "convert.py").write_text(CONVERT.replace('b"3"', 'b"4"'))
    before = Path("dvc.lock").read_bytes()
    with caplog.at_level("INFO"), pytest.raises(InputError, match="results changed"):
        unchanged.main(str(tmp_path / "convert.py"))
    assert "plots/predictions/a.txt: other bytes from offset 0 on" in caplog.text
    assert Path("dvc.lock").read_bytes() == before
    assert Path("plots/predictions/a.csv").exists()


def test_a_reformatted_input_runs_for_real_first_and_then_results_stand(toy):
    edit("stages/prepare.py", "channels=np.stack", "planes=np.stack")
    edit("stages/train.py", '["channels"]', '["planes"]')
    commit()
    with pytest.raises(InputError, match="Run `dvc repro prepare` first"):
        unchanged.main("")
    projects.dvc(toy, dict(os.environ), "repro", "prepare")
    before = outs()
    unchanged.main("")
    assert outs() == before
    assert would_run() == []


def test_results_of_other_data_do_not_stand(toy, caplog):
    toys.write_source(Path("source.csv"), seed=1)
    projects.dvc(toy, dict(os.environ), "repro", "--force", "prepare")
    edit("stages/train.py", "START", "BEGIN")
    commit()
    with caplog.at_level("INFO"):
        unchanged.main("")
    assert "train@a (data/channels.npz changed, and not by code)" in caplog.text
    assert "train@a" in would_run()


def planned() -> plan.Plan:
    repo = Repo()
    return plan.make(repo, pipeline.load(repo, Path("dvc.lock").read_text()))


def test_a_setting_with_another_value_is_a_change_and_a_new_one_is_not(toy):
    edit("stages/train.py", "START", "BEGIN")
    edit("params.yaml", "epochs: 3", "epochs: 3, patience: 7")
    commit()
    assert planned().names == ["train@a", "evaluate@a"]
    edit("params.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    commit()
    assert planned().names == []
    assert planned().again == {"train@a": "`train.learning_rate` was 0.1, is 0.2"}


def test_the_old_code_is_found_behind_commits_that_ran_nothing(toy):
    made_by = projects.git(toy, "rev-parse", "HEAD").strip()
    edit("stages/train.py", "START", "BEGIN")
    commit()
    edit("stages/train.py", "BEGIN", "FIRST")
    commit()
    found = planned()
    assert (found.commit, found.names) == (made_by, ["train@a", "evaluate@a"])


def test_without_a_commit_that_made_the_results_one_line_says_so(toy):
    entry = pipeline.entries(Path("dvc.lock").read_text())["train@a"]
    edit("dvc.lock", entry.deps["stages/train.py"], "f" * 32)
    commit()
    with pytest.raises(InputError, match=r"No commit in the history of HEAD.*train@a"):
        unchanged.main("")


def test_without_data_one_line_says_where_they_come_from(toy):
    shutil.rmtree("data")
    edit("stages/train.py", "START", "BEGIN")
    commit()
    with pytest.raises(InputError, match="Run `dvc pull prepare` or `dvc repro pre"):
        unchanged.main("")


def test_images_that_are_missing_are_prepared_from_the_raw_data(toy, tmp_path):
    Path("data/images.npz").unlink()
    with sides.worktree("new", "HEAD", tmp_path) as side:
        sides.write_small_part(side, tmp_path / "small.csv")
    lines = (tmp_path / "small.csv").read_text().splitlines()
    assert len(lines) == 1 + small.NUM_IMAGES


def test_code_that_fails_is_said_with_its_last_lines(toy):
    edit("stages/train.py", "START = 0.5", "raise SystemExit('no more')")
    commit()
    before = Path("dvc.lock").read_bytes()
    with pytest.raises(InputError, match=r"(?s)The new code stopped.*no more"):
        unchanged.main("")
    assert Path("dvc.lock").read_bytes() == before


def test_code_that_is_not_committed_is_refused(toy):
    edit("stages/train.py", "START", "BEGIN")
    with pytest.raises(InputError, match=r"stages/train\.py is not committed"):
        unchanged.main("")


KILLED = """\
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tools.unchanged import record
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
record.record(["train@a"], Path("dvc.lock").read_text(), {{}})
"""


def test_a_kill_while_recording_leaves_the_old_lock_file(toy):
    edit("stages/train.py", "START", "BEGIN")
    before = Path("dvc.lock").read_bytes()
    program = KILLED.format(root=str(projects.ROOT))
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    assert Path("dvc.lock").read_bytes() == before
    assert "train@a" in would_run()


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def h5(**arrays) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as opened:
        for name, values in arrays.items():
            opened[f"layer/{name}"] = values
    return file.getvalue()


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("a.json", b'{"a": [1, 2]}', b'{"a": [1, 3]}', "a.1: 2 -> 3"),
        ("a.json", b'{"a": 1}', b'{"b": 1}', "a: 1 -> absent; b: absent -> 1"),
        ("a.json", b'{"a": 1}', b'{"a":  1}', "other bytes from offset 6 on, 8 -> 9"),
        ("a.csv", b"a,b\n1,2\n3,4\n", b"a,b\n1,2\n3,5\n", "row 2, column b: 4 -> 5"),
        ("a.csv", b"a\n1\n", b"a\n1\n2\n", "1 rows -> 2 rows"),
        ("a.npz", npz(w=[1.0, 2.0]), npz(w=[1.0, 2.5]), "w: 1 of 2 values, by at most"),
        ("a.npz", npz(w=[1]), npz(v=[1]), "w: gone; v: new"),
        ("a.h5", h5(w=[np.nan, 1]), h5(w=[np.nan, 2]), "layer/w: 1 of 2 values, by"),
        ("a.h5", h5(w=[1]), h5(w=[[1]]), "layer/w: int64[1] -> int64[1, 1]"),
        ("a.npz", b"cut", b"cat", "other bytes from offset 1 on"),
        ("a.txt", b"abc", b"abd", "other bytes from offset 2 on"),
    ],
)
def test_what_differs_is_said_in_a_line(path, old, new, expected):
    assert differences.describe(path, old, new).startswith(expected)


def test_the_small_part_has_every_emotion_and_duplicates():
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (300, 2, 2), dtype=np.uint8)
    labels = np.repeat(np.arange(7), [90, 14, 60, 50, 40, 26, 20])
    pixels[88] = pixels[5]
    rows = small.choose(pixels, labels)
    assert len(rows) == len(set(rows)) == small.NUM_IMAGES
    assert np.bincount(labels[rows]).min() >= 13
    assert {5, 88} <= set(rows)
    assert list(rows) == sorted(rows)


@pytest.mark.long
def test_the_real_pipeline_keeps_its_results_over_a_comment(
    tmp_path, monkeypatch, caplog
):
    folder = tmp_path / "study"
    folder.mkdir()
    projects.make(folder, ["openface-random"])
    for key, value in projects.environment(tmp_path).items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(folder)
    target = "evaluate@openface-random"
    projects.dvc(folder, dict(os.environ), "repro", target)
    commit()
    edit(
        "fer_transfer/console/progress.py",
        "import logging",
        "import logging  # of lines",
    )
    commit()
    before = outs()
    with caplog.at_level("INFO"):
        unchanged.main("")
    assert "Killed at a checkpoint (openface-random-" in caplog.text
    assert outs() == before
    done = projects.dvc(folder, dict(os.environ), "repro", "--dry", target)
    assert projects.ran(done.stdout) == ["download"]
