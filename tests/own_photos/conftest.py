from pathlib import Path

import data_sets
import pytest


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> data_sets.Project:
    """A project of its own, the current folder."""
    monkeypatch.chdir(tmp_path)
    return data_sets.Project(tmp_path)
