import commands
import projects

from fer_transfer.core.state import state_key


def test_a_project_that_was_moved_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    found = []
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        code = tmp_path / name / "code.py"  # modules know where they lie
        code.write_text("pass")
        found.append(state_key({}, [code]))
    assert found[0] == found[1]


EDITS = {
    "fer_transfer/environment.py": True,
    "fer_transfer/core/files.py": True,
    "fer_transfer/console/errors.py": False,  # it decides no result
    "fer_transfer/data/faces.py": False,  # nothing here imports it
}
# Says of each edit whether the key differs after it.
SCRIPT = f"""
import stages
from fer_transfer.core import state
for name in {[*EDITS]}:
    before = state.state_key({{}}, [])
    with open(name, "a") as file:
        file.write("# changed")
    print(state.state_key({{}}, []) != before)
"""


def test_a_state_is_not_gone_on_from_by_other_code(tmp_path):
    projects.copy(tmp_path, "stages", "fer_transfer")
    printed = commands.python("-c", SCRIPT, folder=tmp_path).stdout
    assert printed.split() == list(map(str, EDITS.values()))
