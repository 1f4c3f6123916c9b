"""Photos of one's own, as DVC sees them."""

from pathlib import Path

import projects
import pytest
import sources
from sources import encoded, face

THREE = {f"happy/{n}.png": encoded(face(n)) for n in range(3)}
PHOTOS = THREE | {f"sad/{n}.png": encoded(face(100 + n)) for n in range(3)}
MANIFEST = "path,label\nhappy/1.png,a\nsad/2.png,b\nsad/0.png,b\n"
CHANGES = {
    "one is added": {"sad/new.png": encoded(face(200))},
    "one is removed": {"sad/1.png": None},
    "a manifest is added": {"m.csv": MANIFEST},
    "a label is corrected": {"m.csv": MANIFEST.replace("0.png,b", "0.png,a")},
}
STAGES = ["download", "detect", "prepare"]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project whose source is a folder of photos, up to date."""
    folder = tmp_path_factory.mktemp("own")
    projects.make(folder / "project")
    photos = sources.write_files(folder / "photos", PHOTOS)
    for key, value in {"source": str(photos), "watch": str(photos)}.items():
        projects.set_setting(folder / "project", "data", key, value)
    repro(folder / "project")
    return folder


def repro(folder: Path) -> list[str]:
    """Bring prepare up to date; return what ran."""
    env = projects.environment(folder.parent)
    return projects.ran(projects.dvc(folder, env, "repro", "prepare").stdout)


@pytest.mark.parametrize("name", CHANGES)
def test_dvc_sees_that(project, name):
    for file, content in CHANGES[name].items():
        if content is None:
            (project / "photos" / file).unlink()
        else:
            sources.write_files(project / "photos", {file: content})
    assert repro(project / "project") == STAGES
