from stages.lib.core.state import state_key


def test_a_state_key_knows_settings_and_files(tmp_path):
    path = tmp_path / "file"
    path.write_text("a")
    first = state_key({"seed": 1}, [path])
    assert state_key({"seed": 1}, [path]) == first
    assert state_key({"seed": 2}, [path]) != first
    path.write_text("b")
    assert state_key({"seed": 1}, [path]) != first


def test_a_project_that_was_moved_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    found = []
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        code = tmp_path / name / "code.py"  # modules know where they lie
        code.write_text("pass")
        found.append(state_key({}, [code]))
    assert found[0] == found[1]
