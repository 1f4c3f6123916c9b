"""What the published tables' arithmetic says of the images and epochs behind them.

An accuracy over N images is a whole number of images over N. A rate is the mean of d successive
differences of accuracies, so rate * d * N is a whole number too, as far as the printed digits
allow. Table 2 gives the N of the training images, Table 2 minus Table 4 that of the validation
images, and both how many differences each window has.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.results import paper
from fer_transfer.results.table import records

Rates = Mapping[str, Mapping[str, float]]  # by variant and window

DIVISORS = (3, 4, 5, 6)
MOST_DIFFERENCES = 19  # between 20 epochs
# How many images to try: those near the sets of the text, and near two of them together.
IMAGES = {"train": np.arange(23_000, 31_000), "val": np.arange(2_500, 8_500)}


def find(published: paper.Published) -> tuple[dict[str, Any], pd.DataFrame]:
    """Say which sets and windows the published Tables 2 and 4 fit.

    Returns:
        By set, train and val, what `summarise` returns; and the counts of `thin`, with the set.
    """
    tables = (published[key] for key in (paper.ACCURACY_MCR, paper.ACCURACY_MOFR))
    counts = count_both(*tables)
    fits = {part: summarise(rows, paper.SETS[part]) for part, rows in counts.items()}
    thinned = [thin(rows).assign(set=part) for part, rows in counts.items()]
    return fits, pd.concat(thinned)


def count_both(accuracy_mcr: Rates, accuracy_mofr: Rates) -> dict[str, pd.DataFrame]:
    """Count the fits of the training and of the validation accuracies, by number of images.

    Args:
        accuracy_mcr: Table 2, or one like it, printed to as many digits.
        accuracy_mofr: Table 4, of the same variants and windows.

    Returns:
        For train and val what `count_fits` returns.
    """
    train, gap = (
        np.array([list(row.values()) for row in table.values()])
        for table in (accuracy_mcr, accuracy_mofr)
    )
    units = [np.vectorize(paper.resolution)(table) for table in (train, gap)]
    printed = (train != 0) | (gap != 0)
    return {
        "train": count_fits(train, units[0], train != 0, IMAGES["train"]),
        "val": count_fits(train - gap, sum(units), printed, IMAGES["val"]),
    }


def count_fits(
    rates: np.ndarray, units: np.ndarray, counted: np.ndarray, images: np.ndarray
) -> pd.DataFrame:
    """Count how many rates are whole numbers of images, with the divisors that suit most.

    Args:
        rates: Rates of an accuracy, (rows, windows).
        units: Of the last digit of each, the same shape.
        counted: Which of them tell anything, the same shape; a printed zero does not.
        images: The numbers of images to try, (n,).

    Returns:
        A row for each of `images`: differences (a tuple, by window), fits, rates (how many
        are counted) and chance (how many would fit if their last digits were random).
    """

    def count(window: int, divisor: int) -> np.ndarray:
        scale = divisor * images[:, None]  # n, 1
        whole, spread = rates[:, window] * scale, units[:, window] * scale
        # Half a unit either way, and what the sum of two binary fractions rounds.
        hits = np.abs(whole - np.round(whole)) <= spread / 2 + 1e-9
        parts = np.stack([hits, np.minimum(1, spread)])
        return np.asarray((parts * counted[:, window]).sum(axis=-1))

    windows = range(rates.shape[1])
    by_divisor = {pair: count(*pair) for pair in product(windows, DIVISORS)}
    every = product(DIVISORS, repeat=len(windows))
    choices = [choice for choice in every if sum(choice) <= MOST_DIFFERENCES]
    counts = [[by_divisor[pair] for pair in enumerate(choice)] for choice in choices]
    fits, chance = np.sum(counts, axis=1).swapaxes(0, 1)  # choices, n
    best = fits.argmax(axis=0), np.arange(len(images))
    return pd.DataFrame(
        {
            "images": images,
            "differences": [choices[place] for place in best[0]],
            "fits": fits[best].astype(int),
            "rates": int(counted.sum()),
            "chance": chance[best],
        }
    )


def summarise(counts: pd.DataFrame, expected: int) -> dict[str, Any]:
    """Return the number of images that fits most rates, the next one, and the expected one.

    The next is more than five images away: with few digits, neighbours fit nearly as well.
    """
    best = counts.loc[[counts["fits"].idxmax()]]
    away = counts[(counts["images"] - best["images"].item()).abs() > 5]
    following = away.loc[[away["fits"].idxmax()]]
    rows = records(pd.concat([best, following, counts[counts["images"] == expected]]))
    return dict(zip(("best", "next", "text"), rows, strict=True))


def thin(counts: pd.DataFrame) -> pd.DataFrame:
    """Keep of each 20 neighbouring numbers of images the one that fits most."""
    best = counts.groupby(counts["images"] // 20)["fits"].idxmax()
    return counts.loc[best, ["images", "fits", "chance"]]
