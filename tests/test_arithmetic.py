"""What the arithmetic of the published tables says, and the same test on our own histories."""

from pathlib import Path

import numpy as np
import pytest
from published import PUBLISHED

from fer_transfer.core import files
from fer_transfer.results import arithmetic, paper

ROOT = Path(__file__).parents[1]
# Runs on all of the training images.
RUNS = (
    "mobilenet-pretrained",
    "mobilenet-pretrained-all",
    "openface-pretrained",
    "openface-pretrained-all",
    "openface-random-all",
    "resnet29-pretrained",
    "resnet50-random",
    "vggface-random",
)


def as_printed(rate: float) -> float:
    """Round a rate to as many digits as a cell of the paper's tables holds."""
    unit = paper.resolution(rate)
    return float(f"{round(rate / unit) * unit:.8f}")


def ours(windows: dict[str, tuple[int, int]]) -> list[arithmetic.Rates]:
    """Compute Tables 2 and 4 of our own runs, printed as the paper prints its own."""
    mcr, mofr = {}, {}
    for run in RUNS:
        history = files.read_csv(ROOT / f"plots/history/{run}.csv")
        for table, rates in (("table2", mcr), ("table4", mofr)):
            rates[run] = {
                name: as_printed(paper.TABLES[table].rate_of(history, *window))
                for name, window in windows.items()
            }
    return [mcr, mofr]


@pytest.fixture(scope="module")
def counts():
    return arithmetic.count_both(PUBLISHED["table2"], PUBLISHED["table4"])


@pytest.mark.parametrize(
    ("part", "images"),
    [("train", paper.SETS["train"] + paper.SETS["val"]), ("val", paper.SETS["test"])],
)
def test_every_published_accuracy_rate_is_of_the_tables_own_sets_and_windows(
    counts, part, images
):
    found = arithmetic.summarise(counts[part], paper.SETS[part])
    best = found["best"]
    spans = tuple(last - first for first, last in paper.WINDOWS.values())
    assert (best["images"], best["differences"]) == (images, spans)
    assert (best["fits"], best["rates"]) == (28, 28)
    assert best["chance"] < 4
    assert found["next"]["fits"] < 24
    assert found["text"]["images"] == paper.SETS[part]
    assert found["text"]["fits"] < 20


@pytest.mark.parametrize(
    ("windows", "differences"),
    [(paper.WINDOWS, (5, 5, 5, 3)), (paper.TEXT_WINDOWS, (4, 5, 5, 5))],
)
def test_the_same_test_finds_the_sets_and_windows_of_our_own_histories(
    windows, differences
):
    found = arithmetic.count_both(*ours(windows))
    for part, images in (("train", 25_121), ("val", 3_589)):
        best = arithmetic.summarise(found[part], images)["best"]
        assert (best["images"], best["differences"]) == (images, differences)
        assert best["fits"] == best["rates"]


def test_random_rates_fit_as_often_as_chance_says():
    random = np.random.default_rng(3).uniform(0.001, 0.09, (400, 4)).round(6)
    images = np.array([28_710])
    units = np.full(random.shape, 1e-6)
    counted = np.ones(random.shape, bool)
    [row] = arithmetic.count_fits(random, units, counted, images).to_dict("records")
    assert row["fits"] == pytest.approx(row["chance"], rel=0.15)


def test_a_rate_that_no_number_of_images_makes_does_not_fit():
    rates_of = np.array([[0.5 / (5 * 28_710)]])
    [row] = arithmetic.count_fits(
        rates_of, np.array([[1e-9]]), np.array([[True]]), np.array([28_710])
    ).to_dict("records")
    assert row["fits"] == 0


def test_thinning_keeps_the_best(counts):
    thin = arithmetic.thin(counts["train"])
    assert len(thin) <= 401
    assert thin["fits"].max() == 28
