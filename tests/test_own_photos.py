"""Photos of one's own, as DVC sees them."""

from collections.abc import Iterator
from pathlib import Path

import projects
import pytest
import settings_files
import sources
from dvc.repo import Repo
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
def project(tmp_path_factory) -> Iterator[Path]:
    """A project whose source is a folder of photos, up to date."""
    folder = tmp_path_factory.mktemp("own")
    projects.make(folder / "project")
    photos = str(sources.write_files(folder / "photos", FILES))
    changes = {"data.source": photos, "data.watch": photos}
    settings_files.change(changes, folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        for key, value in projects.environment(folder).items():
            patch.setenv(key, value)
        patch.chdir(folder / "project")
        repro("download")
        yield folder


def repro(target: str) -> list[str]:
    """Bring a stage up to date; return what ran."""
    with Repo() as repo:
        return [stage.name for stage in repo.reproduce(target)]


def is_stale() -> bool:
    with Repo() as repo:
        return "download" in repo.status(["download"])


def write(photos: Path, name: str, content: bytes | str | None) -> None:
    if content is None:
        (photos / name).unlink()
    else:
        sources.write_files(photos, {name: content})


def test_dvc_sees_what_changes_and_reads_it_again(project):
    for name, content in CHANGES.values():
        assert not is_stale()
        write(project / "photos", name, content)
        assert is_stale()
        write(project / "photos", name, FILES.get(name))
    write(project / "photos", *CHANGES["an added photo"])
    assert repro("prepare") == ["download", "detect", "prepare"]
