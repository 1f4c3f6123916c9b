"""What the paper compared and printed, said once: its four backbones, its counts, its tables.

Source: Smelyakov and others, "Identification of Modern Facial Emotion Recognition Models"
(COLINS 2022), sections 3.1, 4 and 5.
"""

from pathlib import Path
from typing import Any, NamedTuple

from fer_transfer.core import files
from fer_transfer.results.catalog import BACKBONES as CATALOG

# In the order of its Figures 5-8. What is not among them the paper claims nothing about.
BACKBONES = ("mobilenet", "openface", "resnet50", "vggface")
FACES = tuple(name for name in BACKBONES if CATALOG[name].learned == "faces")
IMAGENET = tuple(name for name in BACKBONES if CATALOG[name].learned == "ImageNet")
TITLES = {name: CATALOG[name].title for name in BACKBONES}
TRAINABLE_LAYERS = 4  # section 4: "all layers except the last 4 were frozen"

FIRST_LEARNING_FIGURE = 5  # Figures 5-8, one per backbone
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
    meaning: str

    @property
    def title(self) -> str:
        """Name the table's rate.

        >>> TABLES["table3"].title
        'Loss MCR'
        """
        return f"{self.metric.capitalize()} {self.rate}"


TABLES = {
    "table2": Table("accuracy", "MCR", "how much training accuracy rises"),
    "table3": Table("loss", "MCR", "how much training loss rises; falling is negative"),
    "table4": Table(
        "accuracy", "MOFR", "how much training accuracy moves ahead of validation"
    ),
    "table5": Table("loss", "MOFR", "how much training loss less validation’s rises"),
}
ACCURACY_MCR, ACCURACY_MOFR = "table2", "table4"


def read() -> dict[str, Any]:
    """Read the published Tables 2-5: by table and variant, the rate by window of epochs."""
    return {
        name: files.read_json(Path(f"metrics/paper/{name}.json")) for name in TABLES
    }
