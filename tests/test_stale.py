"""A run that was made otherwise than params.yaml says, in the way that README shows."""

import json

import projects
import pytest

pytestmark = pytest.mark.slow

OLD, NEW = projects.VARIANTS


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    """A study whose split changed, after which training one of its two runs failed."""
    folder = tmp_path_factory.mktemp("stale") / "project"
    env = projects.environment(folder.parent)
    folder.mkdir()
    projects.make(folder)
    projects.dvc(folder, env, "repro", "--quiet", "tabulate")
    before = projects.contents(folder, "metrics/study/study.json")
    split = {"by": "random", "val": 0.1, "test": 0.2, "seed": 7}
    projects.set_setting(folder, "splits", "random", split)
    weights = folder / f"data/weights/{OLD}.h5"
    kept = weights.read_bytes()
    train = folder / "stages/train.py"
    code = train.read_text()
    assert "def main(name: str) -> None:\n" in code
    fails = f'    if name == "{OLD}":\n        raise SystemExit("no disk left")\n'
    head = "def main(name: str) -> None:\n"
    train.write_text(code.replace(head, head + fails))
    projects.dvc(folder, env, "repro", "--keep-going", "tabulate", expected=255)
    assert weights.read_bytes() == kept
    assert projects.contents(folder, "metrics/study/study.json") == before
    return folder, env, code


def study_of(folder):
    return json.loads((folder / "metrics/study/study.json").read_text())


def test_its_old_results_are_left_out_until_it_has_new_ones(half):
    folder, env, code = half
    done = projects.dvc(folder, env, "repro", "-f", "-s", "tabulate")
    why = f"data/splits/random.npz has changed since train@{OLD} ran"
    assert f"Leaving out {OLD}: {why}." in done.stdout + done.stderr
    study = study_of(folder)
    assert study["missing"] == [OLD]
    assert study["stale"] == {OLD: why}
    assert list(study["ran"]) == [NEW]

    (folder / "stages/train.py").write_text(code)
    done = projects.dvc(folder, env, "repro", "tabulate")
    assert f"train@{OLD}" in projects.ran(done.stdout)
    study = study_of(folder)
    assert (study["missing"], study["stale"]) == ([], {})
    assert list(study["ran"]) == [OLD, NEW]
