"""Stages and tools that a user starts, not dvc."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from fer_transfer.core import files
from fer_transfer.features.feature_store import Store, open_features
from fer_transfer.results import paper

PROJECT = Path(__file__).parents[1]
VARIANTS = ("openface-pretrained", "openface-random")


@pytest.mark.parametrize("is_read_only", [False, True])
def test_features_that_are_there_are_replaced(tmp_path, is_read_only):
    """DVC removes what a stage writes before it runs it, and makes it read-only after."""
    place = tmp_path / "openface-random"
    for value in (1, 2):
        if is_read_only and place.exists():
            for path in place.iterdir():
                path.chmod(0o444)
        store = Store(tmp_path / ".openface-random.part", 3, key=str(value))
        store.add([np.full((3, 2), value, np.float32)])
        store.finish(place)
    [features] = open_features(place)
    assert (features == 2).all()
    assert [path.name for path in place.iterdir()] == ["0.npy"]


@pytest.fixture
def study(tmp_path):
    """What `tools.summary` reads, of a study without results."""
    settings = YAML().load(PROJECT / "params.yaml")
    settings["runs"] = {name: settings["runs"][name] for name in VARIANTS}
    settings["tables"]["windows"] = [[n, n + 1] for n in range(1, 1_000)]
    settings["train"]["epochs"] = 1_000
    YAML().dump(settings, tmp_path / "params.yaml")
    # Far more than a pipe holds, so that it is still being written.
    rates = [
        {"group": name, "metric": table.title, "set": "train", "class": ""}
        | {"first": n, "last": n + 1, "mean": 0.5, "paper": 0.5}
        for name in VARIANTS
        for table in paper.TABLES.values()
        for n in range(1, 1_000)
    ]
    files.write_csv(tmp_path / "plots/study/groups.csv", pd.DataFrame(rates))
    files.write_json(tmp_path / "metrics/study/answer.json", {"headlines": {}})
    words = {"missing": [], "uninformative": [], "data": "", "pretrained": ""}
    files.write_json(tmp_path / "metrics/study/study.json", words)
    files.write_json(tmp_path / "metrics/assess.json", {})
    return tmp_path


def summary(folder: Path, filters: str, **variables: str):
    return subprocess.run(
        f"'{sys.executable}' -m tools.summary | {filters}",
        shell=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_summary_whose_rest_nobody_reads_ends_without_a_remark(study):
    done = summary(study, "head -2")
    assert done.stdout.startswith("\nTable 2")
    assert done.stderr == ""


def test_a_summary_is_printed_whatever_the_locale(study):
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = summary(study, "tail -1", **locale)
    assert done.stdout.startswith("Figures: plots/figures")
    assert done.stderr == ""
