"""Table 1, and the figures of the paper that are made of images, 1 and 11-17."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from fer_transfer.report import html, vega

COLUMNS = 4  # of Figures 11-17
FACE = 72  # pixels of an image's side


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
        {"class": name, "place": place, "face": html.face(image)}
        for name, faces in images.items()
        for place, image in enumerate(faces)
    ]
    base = vega.inline(pd.DataFrame(rows)).encode(
        alt.X("place:O", axis=None),
        alt.Y("class:N", title=None, sort=None, axis=alt.Axis(domain=False)),
        url="face:N",
    )
    size = alt.Step(FACE)
    return base.mark_image(width=FACE, height=FACE).properties(width=size, height=size)


def classification(
    image: np.ndarray, label: str, probabilities: pd.DataFrame, styles: pd.DataFrame
) -> vega.Chart:
    """Draw one of Figures 11-17: a test image, and the probabilities that each network predicts.

    `probabilities` has a row per class and a column per group.
    """
    panels = [examples({f"labelled {label}": image[None]})]
    for name, shares in probabilities.items():
        table = pd.DataFrame({"class": shares.index, "share": shares})
        base = vega.inline(table).encode(
            alt.X("share:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            alt.Y("class:N", title=None, sort=None),
        )
        look = styles.loc[str(name)]
        bars = base.mark_bar(fill=look["fill"], stroke=look["colour"])
        title = [name, f"predicts {shares.idxmax()}"]
        panel = alt.layer(bars, vega.labels(base, "share:Q", ".2f"), title=title)
        panels.append(panel.properties(width=120, height=100))
    return alt.concat(*panels, columns=COLUMNS)
