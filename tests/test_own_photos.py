"""Photos of one's own, as DVC sees them."""

from pathlib import Path

import projects
import pytest
import sources
from sources import encoded, face

PHOTOS = {f"happy/{n}.png": encoded(face(n)) for n in range(3)}
PHOTOS |= {f"sad/{n}.png": encoded(face(100 + n)) for n in range(3)}
MANIFEST = "path,label\n" + "".join(f"{name},{name[:3]}\n" for name in PHOTOS)
FILES: dict[str, bytes | str] = PHOTOS | {"m.csv": MANIFEST}
CHANGES = {
    "an added photo": ("sad/new.png", encoded(face(200))),
    "a changed photo": ("sad/1.png", encoded(face(50))),
    "a removed photo": ("sad/2.png", None),
    "a corrected label": ("m.csv", MANIFEST.replace("0.png,hap", "0.png,sad")),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project whose source is a folder of photos, up to date."""
    folder = tmp_path_factory.mktemp("own")
    projects.make(folder / "project")
    photos = str(sources.write_files(folder / "photos", FILES))
    for key, value in {"source": photos, "watch": photos}.items():
        projects.set_setting(folder / "project", "data", key, value)
    repro(folder / "project", "download")
    return folder


def repro(folder: Path, *target: str) -> list[str]:
    """Bring a stage up to date; return what ran, or would run."""
    env = projects.environment(folder.parent)
    return projects.ran(projects.dvc(folder, env, "repro", *target).stdout)


def write(photos: Path, name: str, content: bytes | str | None) -> None:
    if content is None:
        (photos / name).unlink()
    else:
        sources.write_files(photos, {name: content})


@pytest.mark.parametrize("change", CHANGES)
def test_dvc_sees(project, change):
    name, content = CHANGES[change]
    write(project / "photos", name, content)
    seen = repro(project / "project", "--dry", "download")
    write(project / "photos", name, FILES.get(name))
    assert seen == ["download"]


def test_what_did_not_change_is_not_read_again_and_what_did_is(project):
    assert repro(project / "project", "download") == []
    write(project / "photos", *CHANGES["an added photo"])
    ran = repro(project / "project", "prepare")
    assert ran == ["download", "detect", "prepare"]
