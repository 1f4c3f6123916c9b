"""How the charts look: a colour per backbone, solid for pretrained and dashed for random."""

from collections.abc import Mapping

import pandas as pd

from fer_transfer.results.protocols import Group

GREY, LIGHT_GREY = "#666666", "#b2b2b2"

# Okabe and Ito's, which the colour-blind tell apart too.
COLOURS = {
    "efficientnetb0": "#E69F00",
    "mobilenet": "#D55E00",
    "openface": "#0072B2",
    "resnet29": "#56B4E9",
    "resnet50": "#009E73",
    "vggface": "#CC79A7",
}


def of_groups(groups: Mapping[str, Group]) -> pd.DataFrame:
    """Return how each group of runs is drawn, by its name.

    Returns:
        backbone; colour; dash: of a line; fill: of a bar or a point, which is open where the
        weights are random.
    """
    rows = []
    for group in groups.values():
        colour = COLOURS.get(group.backbone, GREY)
        pretrained = group.weights == "pretrained"
        dash, fill = ([1, 0], colour) if pretrained else ([5, 4], "white")
        rows.append((group.backbone, colour, dash, fill))
    columns = ["backbone", "colour", "dash", "fill"]
    return pd.DataFrame(rows, index=list(groups), columns=columns)
