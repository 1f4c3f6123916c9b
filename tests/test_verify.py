import errno
import hashlib
import os
from pathlib import Path

import pytest
from dvc.fs import localfs
from dvc.lock import make_lock
from dvc.rwlock import RWLockFileCorruptedError, rwlock

from fer_transfer.console.errors import InputError
from tools import verify


def add(cache, content: bytes, suffix: str = ""):
    name = hashlib.md5(content).hexdigest()
    path = cache / name[:2] / f"{name[2:]}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_an_object_that_is_not_what_its_name_says_is_damaged(tmp_path):
    whole = [add(tmp_path, b"a file"), add(tmp_path, b"[]", ".dir")]
    cut = [add(tmp_path, b"another file"), add(tmp_path, b"[{}]", ".dir")]
    assert verify.damaged(tmp_path) == []
    for path in cut:
        path.write_bytes(path.read_bytes()[:3])
    assert sorted(verify.damaged(tmp_path)) == sorted(cut)
    assert all(path.exists() for path in whole + cut)


def test_damage_is_found_where_neither_time_nor_size_tell(tmp_path, monkeypatch):
    """Removes the object from the cache, and lets DVC look at what was linked to it."""
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "cache"
    object_ = add(cache, b"a file")
    Path("data").mkdir()
    linked = Path("data/file")
    linked.hardlink_to(object_)
    Path("data/link").symlink_to(object_)
    Path("data/broken").symlink_to("nowhere")
    object_.write_bytes(b"A file")
    before = linked.stat().st_mtime_ns
    monkeypatch.setattr(verify, "cache_folder", lambda: cache)
    verify.main()
    assert not object_.exists()
    assert linked.stat().st_mtime_ns > before


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A cache whose objects are a colleague's, who alone may set their times."""

    def refuse(path, *_, **__):
        raise PermissionError(
            errno.EACCES, "Permission denied"
        )  # Python's own: no path

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(verify, "cache_folder", lambda: tmp_path / "cache")
    (tmp_path / "data").mkdir()
    return tmp_path / "cache"


def test_a_shared_cache_is_verified_though_its_objects_are_a_colleagues(shared, caplog):
    caplog.set_level("INFO")
    Path("data/file").hardlink_to(add(shared, b"a file"))
    verify.main()
    assert caplog.messages == ["DVC's cache: 1 objects whole, 0 damaged."]


def test_a_colleagues_file_that_cannot_be_marked_is_named(shared):
    object_ = add(shared, b"a file")
    Path("data/file").hardlink_to(object_)
    object_.write_bytes(b"A file")
    with pytest.raises(InputError, match=r"data/file belongs to .*Remove it"):
        verify.main()
    assert not object_.exists()


LISTED = '{"write": {"a": {"pid": 1, "cmd": "dvc repro"}}}'


def lock(folder):
    with rwlock(str(folder), localfs, "dvc repro", [], [], False):
        pass


@pytest.mark.parametrize("left", ["", LISTED[:20]])
def test_a_list_of_running_stages_that_a_kill_cut_short_is_removed(tmp_path, left):
    (tmp_path / "rwlock").write_text(left)
    with pytest.raises(RWLockFileCorruptedError):
        lock(tmp_path)
    assert verify.remove_cut_list(tmp_path)
    lock(tmp_path)


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
