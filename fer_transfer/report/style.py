"""How the figures look: a colour per backbone, solid for pretrained and dashed for random."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from fer_transfer.core import files
from fer_transfer.results.protocols import Group

GREY = "#666666"

# Okabe and Ito's, which the colour-blind tell apart too.
COLOURS = {
    "efficientnetb0": "#E69F00",
    "mobilenet": "#D55E00",
    "openface": "#0072B2",
    "resnet29": "#56B4E9",
    "resnet50": "#009E73",
    "vggface": "#CC79A7",
}

SETTINGS: dict[str, Any] = {
    "figure.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "legend.frameon": False,
}


class Style(NamedTuple):
    """How a group of runs is drawn, as a line or as a bar."""

    backbone: str
    colour: str
    dash: str

    @property
    def fill(self) -> str:
        """Fill pretrained in the colour, leave random open."""
        return self.colour if self.dash == "solid" else "white"


def of_groups(groups: Mapping[str, Group]) -> dict[str, Style]:
    """Give each group of runs its style; those of other protocols are in no figure together."""
    return {
        name: Style(
            group.backbone,
            COLOURS.get(group.backbone, GREY),
            "solid" if group.weights == "pretrained" else "dashed",
        )
        for name, group in groups.items()
    }


def lighter(colour: str) -> str:
    """Mix a colour with as much white: validation, beside training in the full colour."""
    red, green, blue = ((1 + part) / 2 for part in to_rgb(colour))
    return to_hex((red, green, blue))


def write_png(path: Path, figure: Figure, notes: list[str]) -> None:
    """Write a figure with notes in small print; the same figure gives the same bytes."""
    width = round(20 * figure.get_figwidth())  # characters
    lines = [line for note in notes for line in textwrap.wrap(note, width)]
    # The one text whose place the layout keeps free at the lower edge.
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=7, color=GREY)
    with files.atomic_write(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})
