"""Stages and tools that a user starts, not dvc."""

import sys

import commands
import numpy as np
import pytest

from fer_transfer.features.feature_store import Store, open_features


def test_features_that_are_there_are_replaced(tmp_path):
    """DVC removes what a stage writes before it runs it, and makes it read-only after."""
    place = tmp_path / "openface-random"
    for value in (1, 2):
        store = Store(tmp_path / ".openface-random.part", 3, key=str(value))
        store.add([np.full((3, 2), value, np.float32)])
        store.finish(place)
        (place / "0.npy").chmod(0o444)
    [features] = open_features(place)
    assert (features == 2).all()
    assert [path.name for path in place.iterdir()] == ["0.npy"]


@pytest.mark.parametrize("reader", ["true", "cat"])
def test_a_summary_is_printed_in_any_locale_and_ends_quietly_if_nobody_reads_it(reader):
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    pipe = f"'{sys.executable}' -m tools.summary | {reader}"
    done = commands.run("bash", "-c", pipe, **locale)
    assert ("Figures: plots/figures" in done.stdout) == (reader == "cat")
    assert done.stderr == ""
