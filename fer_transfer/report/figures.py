"""Table 1 and the figures of the paper that show images: 1, and 11-17."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from fer_transfer.report import vega
from fer_transfer.report.html import face

FACE = 64  # pixels of an image
COLUMNS = 4  # networks side by side in Figures 11-17


def class_counts(paper: Mapping[str, int], ours: Mapping[str, int]) -> vega.Chart:
    """Draw Table 1, the number of images of each emotion, with our own numbers.

    The rows stand in the order of the paper's; classes that it does not have stand alone.
    """
    shown = {"the paper": paper} if set(ours) <= set(paper) else {}
    shown |= {"this study": ours}
    counts = pd.DataFrame(shown, index=[*next(iter(shown.values()))]).fillna(0)
    data = (counts / counts.sum()).rename_axis("class").reset_index().melt("class")
    data["images"] = counts.melt()["value"]
    base = vega.inline(data).encode(
        alt.X("value:Q", title="share of images", axis=alt.Axis(format="%")),
        alt.Y("class:N", title=None, sort=None),
        yOffset=alt.YOffset("variable:N", sort=list(shown)),
    )
    greys = [vega.LIGHT_GREY, vega.GREY][-len(shown) :]
    colours = alt.Scale(domain=list(shown), range=greys)
    return alt.layer(
        base.mark_bar().encode(alt.Color("variable:N", scale=colours)),
        vega.labels(base, "images:Q", ","),
    ).properties(width=vega.WIDTH, height=20 * len(data))


def examples(images: Mapping[str, np.ndarray]) -> vega.Chart:
    """Draw Figure 1: images (n, 48, 48) of each class, a row for each."""
    rows = [
        {"class": name, "place": place, "url": face(image)}
        for name, faces in images.items()
        for place, image in enumerate(faces)
    ]
    bare = alt.Axis(domain=False, ticks=False)
    return (
        vega.inline(pd.DataFrame(rows))
        .mark_image(width=FACE, height=FACE)
        .encode(
            alt.X("place:O", axis=None),
            alt.Y("class:N", title=None, sort=None, axis=bare),
            url="url:N",
        )
        .properties(width=alt.Step(FACE + 6), height=alt.Step(FACE + 6))
    )


def classification(
    image: np.ndarray, label: str, probabilities: pd.DataFrame, styles: pd.DataFrame
) -> vega.Chart:
    """Draw one of Figures 11-17: a test image, and the probabilities that each network predicts.

    `probabilities` has a row per class and a column per group.
    """
    picture = examples({f"labelled {label}": image[None]})
    if probabilities.empty:
        return picture
    table = probabilities.rename_axis("class").reset_index()
    data = table.melt("class", var_name="group").join(styles, on="group")
    data["title"] = data["group"] + " predicts "
    data["title"] += data["group"].map(probabilities.idxmax())
    base = vega.inline(data[["class", "value", "title", "colour", "fill"]]).encode(
        alt.X("value:Q", title=None, scale=alt.Scale(domain=[0, 1])),
        alt.Y("class:N", title=None, sort=None, scale=alt.Scale(paddingInner=0.2)),
    )
    bars = base.mark_bar(strokeWidth=1.5).encode(
        fill=vega.as_given("fill"), stroke=vega.as_given("colour")
    )
    networks = alt.Facet("title:N", title=None, sort=list(data["title"].unique()))
    panels = alt.layer(bars, vega.labels(base, "value:Q", ".2f"))
    panels = panels.properties(width=150, height=130)
    return alt.hconcat(picture, panels.facet(networks, columns=COLUMNS))
