"""The probabilities of each face of a video over time, as areas to draw one on the other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np

from fer_transfer.recognise.tables import Record, probabilities_of

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
    frames: Iterable[Record],
    numbers: Iterable[int],
    classes: Sequence[str],
    num_frames: int,
    duration: float,
) -> dict[int, Timeline]:
    """Average the probabilities of some faces over the intervals of a video.

    Args:
        frames: Of the video, with numbered faces, each seen once.
        numbers: Of the faces to be drawn.
        classes: Of the probabilities.
        num_frames: How many frames there are.
        duration: Seconds up to the end of the last frame.
    """
    intervals = min(INTERVALS, num_frames)
    sums = {number: np.zeros((intervals, len(classes))) for number in numbers}
    crops = {number: [""] * intervals for number in sums}
    for frame, first, end in _placed(frames, intervals / duration, intervals):
        for face, crop in zip(frame["faces"], frame["crops"], strict=True):
            if (number := face[0]) in sums:
                sums[number][first:end] += probabilities_of(face)
                crops[number][first] = crops[number][first] or crop
    return {
        number: _timeline(sums[number], crops[number], classes, duration / intervals)
        for number in sums
    }


def _placed(
    frames: Iterable[Record], rate: float, intervals: int
) -> Iterator[tuple[Record, int, int]]:
    """Yield each frame with the intervals that it is displayed in: up to the next one's."""
    for frame, following in pairwise(chain(frames, [None])):
        assert frame is not None
        first = min(int(frame["time"] * rate), intervals - 1)
        end = int(following["time"] * rate) if following else intervals
        yield frame, first, max(first + 1, end)


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
