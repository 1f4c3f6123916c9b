"""What the paper compared and printed, said once: its four backbones, its counts, its tables.

Source: Smelyakov and others, "Identification of Modern Facial Emotion Recognition Models"
(COLINS 2022), sections 3.1, 4 and 5.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

Window = tuple[int, int]  # the first and the last epoch, counted from 1

# In the order of its Figures 5-8. The paper claims nothing about other backbones.
BACKBONES = ("mobilenet", "openface", "resnet50", "vggface")
TRAINABLE_LAYERS = 4  # section 4: "all layers except the last 4 were frozen"
# What is compared with the paper: its data, and the demo's, which stand in for them.
SYNTHETIC = "synthetic faces"
DATA = ("FER2013", SYNTHETIC)

# Section 3.1: how many images each set has.
SETS = {"train": 25_121, "val": 3_589, "test": 7_177}

# First and last epoch of each column of Tables 2-5, by its heading: as the arithmetic
# of the published numbers shows (results/arithmetic.py), and by the text (docs/choices.md, C3).
WINDOWS = {"1-5": (1, 6), "6-10": (6, 11), "11-15": (11, 16), "16-20": (16, 19)}
TEXT_WINDOWS = {"1-5": (1, 5), "6-10": (5, 10), "11-15": (10, 15), "16-20": (15, 20)}

LEARNING_FIGURES = {name: number for number, name in enumerate(BACKBONES, start=5)}
FIRST_EXAMPLE_FIGURE = 11  # Figures 11-17, one per emotion, by name

# Table 1, in its order.
CLASS_COUNTS = {
    "angry": 4_953,
    "surprise": 4_002,
    "disgust": 547,
    "neutral": 6_198,
    "happy": 8_989,
    "fear": 5_121,
    "sad": 6_077,
}


class Table(NamedTuple):
    """One of Tables 2-5: a rate (MCR or MOFR) of a metric, per epoch."""

    metric: str  # accuracy, a share of images; or loss, in nats
    rate: str

    @property
    def title(self) -> str:
        """Name the table's rate.

        >>> TABLES["table3"].title
        'Loss MCR'
        """
        return f"{self.metric.capitalize()} {self.rate}"

    def rate_of(self, history: pd.DataFrame, first: int, last: int) -> float:
        """Return the mean of a window's differences between successive epochs of a run.

        Of the metric in training (MCR, eq. 1), or of training less validation (MOFR, eq. 2).

        Args:
            history: A row per epoch, epoch 1 first.
            first: First epoch of the window, counted from 1.
            last: Last epoch of the window, included.

        >>> history = pd.DataFrame({"loss": [2.0, 1.5, 1.25], "val_loss": [2.0, 1.75, 1.75]})
        >>> TABLES["table3"].rate_of(history, 1, 3), TABLES["table5"].rate_of(history, 1, 3)
        (-0.375, -0.25)
        """
        values = history[self.metric]
        if self.rate == "MOFR":
            values = values - history[f"val_{self.metric}"]
        return float(values[last - 1] - values[first - 1]) / (last - first)


TABLES = {
    "table2": Table("accuracy", "MCR"),
    "table3": Table("loss", "MCR"),
    "table4": Table("accuracy", "MOFR"),
    "table5": Table("loss", "MOFR"),
}
ACCURACY_MCR, LOSS_MCR, ACCURACY_MOFR = "table2", "table3", "table4"

# Tables 2-5 as in metrics/paper: by table and variant, the rate by the column's heading.
Published = Mapping[str, Mapping[str, Mapping[str, float]]]

CELL = 8  # characters to which a rate is printed; zeros at its end are left out


def spans(windows: Iterable[Iterable[int]]) -> dict[str, Window]:
    """Return which epochs each published column is compared over, by its heading.

    Those that its numbers have, unless a study's windows are those of the text.
    """
    of_text = {tuple(window) for window in windows} & set(TEXT_WINDOWS.values())
    return TEXT_WINDOWS if of_text else WINDOWS


def clip(windows: Iterable[Iterable[int]], num_epochs: int) -> list[Window]:
    """Return the windows that begin before the last epoch, cut off where the history ends.

    >>> clip([[1, 6], [6, 11], [11, 16]], num_epochs=8)
    [(1, 6), (6, 8)]
    """
    begun = [window for window in windows if min(window) < num_epochs]
    return list(dict.fromkeys((first, min(last, num_epochs)) for first, last in begun))


def resolution(rate: float) -> float:
    """Return the unit of the last digit to which a rate is printed.

    >>> resolution(0.02512), resolution(-0.00725), resolution(5.79e-05), resolution(0.0)
    (1e-06, 1e-05, 1e-07, 1e-06)
    """
    printed = Decimal(str(rate))
    if rate and abs(printed) < Decimal("1e-4"):  # with an exponent
        return float(Decimal(1).scaleb(int(printed.as_tuple().exponent)))
    return float(Decimal(1).scaleb(len("-0.") - CELL if rate < 0 else len("0.") - CELL))
