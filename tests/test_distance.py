from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from published import PUBLISHED

from fer_transfer.results import distance, paper
from fer_transfer.results.protocols import Group, Protocol

OPENFACE = "openface-pretrained"
WINDOWS = list(paper.WINDOWS.values())


def published_history(variant: str, factor: float = 1, epochs: int = 20):
    """Make up a history that has the rates of a published row, or a multiple of them."""
    made_up = {"epoch": np.arange(1, 21)}
    spans = [last - first for first, last in WINDOWS]
    for key in ("table2", "table3"):
        steps = np.repeat(list(PUBLISHED[key][variant].values()), spans)
        train = np.cumsum([0, *steps * factor, steps[-1] * factor])
        metric = paper.TABLES[key].metric
        made_up |= {metric: train, f"val_{metric}": train}
    return pd.DataFrame(made_up).head(epochs)


def find(row, protocols):
    """Compare a row with protocols, given by what trains and the histories of its seeds."""
    backbone, weights = row.rsplit("-", 1)
    ran = {
        layers: Group(backbone, weights, Protocol(layers, "float32"), ())
        for layers in protocols
    }
    settings, histories = SimpleNamespace(splits={}), protocols.__getitem__
    data = SimpleNamespace(paper_split="random")
    study = SimpleNamespace(ran=ran, settings=settings, histories=histories, data=data)
    return distance.find(study, PUBLISHED)


@pytest.mark.parametrize(("factor", "distance"), [(1, 0), (0.7, 0.3)])
def test_the_distance_is_relative_to_the_published_numbers(factor, distance):
    histories = {4: [published_history(OPENFACE, factor)]}
    row = find(OPENFACE, histories)["rows"][OPENFACE]["last 4 layers"]
    numbers = [row[key] for key in ("table2", "table3", "overall")]
    assert numbers == pytest.approx([distance] * 3)
    assert row["floor"] is None


def test_the_floor_is_the_distance_between_seeds_in_the_units_of_the_row():
    seeds = [published_history(OPENFACE, factor) for factor in (0.9, 1.1, 1.0)]
    compared = find(OPENFACE, {4: seeds})["rows"][OPENFACE]
    row = compared["last 4 layers"]
    assert row["overall"] == pytest.approx(0)
    assert row["floor"] == pytest.approx((0.2 + 0.1 + 0.1) / 3)


def test_the_nearest_protocol_comes_first_and_the_summary_counts_the_rows_it_is_near():
    protocols = {
        4: [published_history(OPENFACE, 0.1)],
        "all": [published_history(OPENFACE, 0.98)],
    }
    compared = find(OPENFACE, protocols)
    labels = list(compared["rows"][OPENFACE])
    assert labels == ["every layer", "last 4 layers"]
    summary = "1 of 1 published rows are near one of the protocols tried, each with every layer trained."
    assert compared["summary"].endswith(summary)
    far = find(OPENFACE, {4: protocols[4]})["summary"]
    assert "tried (only one was tried for openface-pretrained" in far
    assert "none is near all: rows" in far
    short = {4: [published_history(OPENFACE, epochs=19)]}  # for one begin alone
    assert find(OPENFACE, short) == {"rows": {}, "summary": ""}


def test_a_protocol_is_near_a_row_only_if_it_is_with_either_begin_of_the_windows():
    """The published numbers do not tell whether these begin at epoch 1 or 2."""
    late = published_history(OPENFACE).shift(1, fill_value=0)
    [row] = find(OPENFACE, {4: [late]})["rows"][OPENFACE].values()
    assert row["later"] == pytest.approx(0)
    assert row["overall"] > distance.NEAR
    assert not distance.is_near(row)


def test_a_published_row_of_zeros_has_no_distance():
    row = "vggface-random"
    history = published_history(row).assign(accuracy=np.linspace(0.3, 0.5, 20))
    compared = find(row, {4: [history]})["rows"][row]
    numbers = compared["last 4 layers"]
    assert numbers["table2"] is None
    assert numbers["overall"] == numbers["table3"] == pytest.approx(0)
