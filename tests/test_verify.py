import os
from pathlib import Path

import pytest
from dvc.fs import localfs
from dvc.lock import make_lock
from dvc.repo import Repo
from dvc.rwlock import RWLockFileCorruptedError, rwlock

from fer_transfer.console.errors import InputError
from tools import verify


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a file and a folder that DVC holds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    Repo.init(no_scm=True)
    Path("data").mkdir()
    for name in ("file", "data/file"):
        Path(name).write_text(f"this is {name}")
    Repo().add(["file", "data"])


def objects() -> dict[str, Path]:
    """DVC's objects by their content, `folder` for the one that lists a folder."""
    found = Path(".dvc/cache/files/md5").glob("*/*")
    return {
        "folder" if path.suffix else path.read_text().split()[-1]: path
        for path in found
    }


def damage(path: Path) -> None:
    """Change a file and neither its size nor its time."""
    status = path.stat()
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().swapcase())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("name", ["file", "data/file"])
def test_a_damaged_object_is_removed_and_the_files_are_hashed_again(name, caplog):
    caplog.set_level("INFO")
    path = objects()[name]
    damage(path)
    damage(Path("file"))
    assert Repo().status() == {}  # neither time nor size tell
    verify.main()
    assert not path.exists()
    assert len(objects()) == 2
    assert "DVC's cache: 2 objects intact, 1 damaged." in caplog.messages
    assert "file.dvc" in Repo().status()


@pytest.mark.usefixtures("project")
def test_where_all_is_whole_nothing_is_removed_or_out_of_date():
    before = objects()
    fetched = before["file"].with_name(".just-fetched.tmp")
    fetched.touch()
    verify.main()
    fetched.unlink()
    assert objects() == before
    assert Repo().status() == {}


@pytest.mark.usefixtures("project")
def test_a_folder_of_the_cache_that_may_not_be_read_is_an_error(monkeypatch):
    closed = str(objects()["file"].parent)
    listdir = os.listdir

    def refuse(path):
        if str(path).endswith(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(PermissionError, match=closed):
        verify.main()


LISTED = '{"write": {"a": {"pid": 1, "cmd": "dvc repro"}}}'


def lock(folder):
    with rwlock(folder, localfs, "dvc repro", [], [], False):
        pass


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("left", ["", LISTED[:20]])
def test_a_list_of_running_stages_that_a_kill_cut_short_is_removed(left):
    Path(".dvc/tmp/rwlock").write_text(left)
    with pytest.raises(RWLockFileCorruptedError):
        lock(".dvc/tmp")
    verify.main()
    lock(".dvc/tmp")


def test_a_list_of_running_stages_that_is_whole_stays(tmp_path):
    assert not verify.remove_cut_list(tmp_path)
    (tmp_path / "rwlock").write_text(LISTED)
    assert not verify.remove_cut_list(tmp_path)
    assert (tmp_path / "rwlock").read_text() == LISTED


def test_a_list_that_another_dvc_command_holds_is_left_to_it(tmp_path):
    (tmp_path / "rwlock").write_text(LISTED[:20])
    held = make_lock(str(tmp_path / "rwlock.lock"), tmp_dir=str(tmp_path))
    with held, pytest.raises(InputError, match="Another dvc command runs"):
        verify.remove_cut_list(tmp_path)
    assert (tmp_path / "rwlock").read_text() == LISTED[:20]
