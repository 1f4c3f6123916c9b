"""How the figures look: a colour per backbone, solid for pretrained and dashed for random."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
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


def of_groups(groups: Mapping[str, Group]) -> pd.DataFrame:
    """Return how each group of runs is drawn, by its name.

    Returns:
        colour, and light: the same for validation. dash: of a line. fill, light_fill: of a bar or
        a point, which are open where the weights are random.
    """
    rows = []
    for group in groups.values():
        colour = COLOURS.get(group.backbone, GREY)
        pretrained = group.weights == "pretrained"
        fills = (colour, lighter(colour)) if pretrained else ("white", "white")
        dash = [1, 0] if pretrained else [5, 4]
        rows.append((group.backbone, colour, lighter(colour), dash, *fills))
    columns = ["backbone", "colour", "light", "dash", "fill", "light_fill"]
    return pd.DataFrame(rows, index=list(groups), columns=columns)


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
