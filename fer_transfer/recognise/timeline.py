"""The probabilities of each face of a video over time, as areas to draw one on the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np

from fer_transfer.recognise.recogniser import Face
from fer_transfer.recognise.records import png_address

INTERVALS = 120  # of a timeline, at most
WIDTH, HEIGHT = 960, 120
COLOURS = (
    *("#c0392b", "#6b8e23", "#7d4fa3", "#f2b705", "#2e6da4", "#ef7f1a", "#b8bec6"),
    *("#8c5a3c", "#e07fb0", "#2aa198", "#444b54", "#a5d16b"),
)


@dataclass(frozen=True)
class Timeline:
    """One face: the area of each emotion, and what is shown where the pointer is."""

    areas: list[str]  # paths of SVG, in the order of the classes
    moments: list[dict[str, Any]]  # left, width, seconds, crop, emotion, probability


def draw(
    frames: Iterable[tuple[float, list[Face]]],
    numbers: Iterable[int],
    classes: Sequence[str],
    num_frames: int,
    duration: float,
) -> dict[int, Timeline]:
    """Average the probabilities of some faces over the intervals of a video.

    Args:
        frames: Seconds and numbered faces.
        numbers: Of the faces to be drawn.
        classes: Of the probabilities.
        num_frames: How many frames there are.
        duration: Seconds up to the end of the last frame.
    """
    intervals = min(INTERVALS, num_frames)
    sums = {number: np.zeros((intervals, len(classes))) for number in numbers}
    crops = {number: [""] * intervals for number in sums}
    end = duration, list[Face]()
    for (time, faces), (following, _) in pairwise(chain(frames, [end])):
        first = min(int(time * intervals / duration), intervals - 1)
        last = max(
            first + 1, int(following * intervals / duration)
        )  # it is shown till then
        for face in faces:
            if face.number in sums:
                sums[face.number][first:last] += face.shares
                own = crops[face.number]
                own[first] = own[first] or png_address(face.crop)
    return {
        number: _timeline(sums[number], crops[number], classes, duration / intervals)
        for number in sums
    }


def _timeline(
    sums: np.ndarray, crops: list[str], classes: Sequence[str], seconds: float
) -> Timeline:
    """Draw sums of probabilities (intervals, classes), each interval of so many seconds."""
    totals = sums.sum(axis=1, keepdims=True)
    shares = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
    tops = HEIGHT * (1 - shares.cumsum(axis=1))
    bottoms = tops + HEIGHT * shares
    width = WIDTH / len(sums)
    present = np.flatnonzero(totals)
    areas = [
        "".join(
            f"M{place * width:.1f} {bottoms[place, code]:.1f}V{tops[place, code]:.1f}"
            f"h{width:.1f}V{bottoms[place, code]:.1f}z"
            for place in present
        )
        for code in range(len(classes))
    ]
    moments = [
        {
            "left": round(place * width, 1),
            "width": round(width, 1),
            "seconds": place * seconds,
            "crop": crops[place],
            "emotion": classes[int(shares[place].argmax())],
            "probability": float(shares[place].max()),
        }
        for place in present
    ]
    return Timeline(areas, moments)
