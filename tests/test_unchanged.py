"""`make unchanged`: results outlive an edit that changes none of them, and no other."""

import os
import re
import shutil
import tempfile
from pathlib import Path

import projects
import pytest
import toys

from fer_transfer.console.errors import InputError
from fer_transfer.data import faces
from fer_transfer.results.record import hashes, recorded
from tools import unchanged

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    toys.make(folder, projects.environment(folder.parent))
    return folder


@pytest.fixture
def toy(made, tmp_path, monkeypatch, caplog):
    """A toy project with results, in which the test stands."""
    caplog.set_level("INFO")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return projects.enter_copy(made, tmp_path, monkeypatch)


def commit() -> None:
    projects.commit(Path(), "An edit")


def outs() -> dict[str, dict[str, str]]:
    return {name: hashes(entry, "outs") for name, entry in recorded().items()}


def clones() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("unchanged-*"))


def test_a_comment_and_a_renamed_function_keep_the_results(toy, monkeypatch):
    """Whatever hooks the user has."""
    projects.edit(
        "fer_transfer/common.py", "def settings", "# All of them.\ndef settings"
    )
    projects.edit("stages/train.py", "train_epoch", "one_epoch")
    commit()
    for key, value in projects.failing_hooks(toy.parent).items():
        monkeypatch.setenv(key, value)
    before = outs()
    assert "train@a" in projects.would_run("--allow-missing")
    unchanged.main()
    assert outs() == before
    assert set(projects.would_run("--allow-missing")) == {"prepare", "report"}
    assert clones() == []


def test_a_change_of_results_is_named_and_nothing_is_recorded(toy):
    projects.edit("stages/train.py", "START = 0.5", "START = 1")
    commit()
    before = Path("dvc.lock").read_bytes()
    named = r"changed data/runs/a/history\.csv of train@a.*Nothing was recorded"
    with pytest.raises(InputError, match=named):
        unchanged.main()
    assert Path("dvc.lock").read_bytes() == before
    assert clones() == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("learning_rate: 0.2", "learning_rate` was 0.1, is 0.2"),
        ("learning_rate: 0.1, dropout: 0.5", "dropout` was None, is 0.5"),
    ],
)
def test_a_setting_that_is_new_or_has_another_value_is_a_change(
    toy, caplog, change, why
):
    projects.edit("stages/train.py", "START", "BEGIN")
    projects.edit("params.yaml", "learning_rate: 0.1", change)
    commit()
    unchanged.main()
    assert f"train@a (`train.{why})" in caplog.text
    assert "train@a" in projects.would_run("--allow-missing")


def test_results_of_other_data_are_not_carried_over(toy, caplog):
    toys.write_source(Path("source.csv"), seed=1)
    projects.dvc(toy, dict(os.environ), "repro", "--force", "prepare")
    projects.edit("stages/train.py", "START", "BEGIN")
    commit()
    unchanged.main(projects.git(toy, "rev-parse", "HEAD~").strip())
    assert "features@a (data/faces/images.npy has changed" in caplog.text


def test_a_commit_that_did_not_make_the_results_is_refused_and_the_right_one_taken(
    toy, caplog
):
    made_by = projects.git(toy, "rev-parse", "HEAD").strip()
    projects.edit("stages/train.py", "START = 0.5", "START = 1")
    commit()
    projects.edit("stages/train.py", "START = 1", "BEGIN = START = 0.5")
    commit()
    unchanged.main("HEAD~")
    assert "train@a (not made by the old commit's code" in caplog.text
    assert "train@a" in projects.would_run("--allow-missing")
    unchanged.main(made_by)
    assert "train@a" not in projects.would_run("--allow-missing")


def test_code_that_is_edited_during_the_comparison_is_not_recorded(toy, monkeypatch):
    projects.edit("stages/train.py", "START", "BEGIN")
    commit()
    needed_for = unchanged.needed_for

    def edit_and_name(*arguments):
        projects.edit("stages/train.py", "BEGIN = 0.5", "BEGIN = 1")
        return needed_for(*arguments)

    monkeypatch.setattr(unchanged, "needed_for", edit_and_name)
    with pytest.raises(InputError, match="code or settings changed meanwhile"):
        unchanged.main()


def test_code_that_fails_is_reported_with_its_last_lines_and_a_full_disk(
    toy, monkeypatch
):
    projects.edit("stages/train.py", "START = 0.5", "raise SystemExit('x' * 20_000)")
    commit()
    full = shutil.disk_usage(toy)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(InputError) as raised:
        unchanged.main()
    told = r"(?s)The new code stopped.*unchanged-\S+ is full: set TMPDIR.*xxx"
    assert re.search(told, str(raised.value))
    assert len(str(raised.value)) < 4000
    assert clones() == []


@pytest.mark.usefixtures("toy")
def test_the_small_part_has_every_class(tmp_path):
    unchanged.write_faces(tmp_path / "faces")
    part = faces.read(tmp_path / "faces")
    assert len(faces.read_images(tmp_path / "faces")) == len(part) == 91
    assert part.table["label"].value_counts().tolist() == [13] * 7
