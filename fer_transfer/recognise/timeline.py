"""The probabilities of each face of a video over time, as areas to draw one on the other."""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np

from fer_transfer.recognise.face import Face

INTERVALS = 120  # of a timeline, at most
WIDTH, HEIGHT = 960, 120
COLOURS = ["#c0392b", "#6b8e23", "#7d4fa3", "#f2b705", "#2e6da4", "#ef7f1a", "#b8bec6"]
COLOURS += ["#8c5a3c", "#e07fb0", "#2aa198", "#444b54", "#a5d16b"]


def draw(
    frames: Iterable[tuple[float, list[Face]]],
    numbers: Iterable[int],
    classes: Sequence[str],
    num_frames: int,
    duration: float,
) -> dict[int, dict[str, Any]]:
    """Average the probabilities of some faces over the intervals of a video.

    Args:
        frames: Seconds and numbered faces.
        numbers: Of the faces to be drawn.
        classes: Of the probabilities.
        num_frames: How many frames there are.
        duration: Seconds up to the end of the last frame.

    Returns:
        By number: areas, a path of SVG for each emotion, in the order of the classes; and
        moments, what is shown where the pointer is: left, width, seconds, crop, emotion,
        probability.
    """
    intervals = min(INTERVALS, num_frames)
    sums = {number: np.zeros((intervals, len(classes))) for number in numbers}
    crops: dict[int, dict[int, np.ndarray]] = {number: {} for number in sums}
    end = duration, list[Face]()
    for (time, faces), (following, _) in pairwise(chain(frames, [end])):
        first = min(int(time * intervals / duration), intervals - 1)
        last = max(first + 1, int(following * intervals / duration))  # shown till then
        for face in faces:
            if face.number in sums:
                sums[face.number][first:last] += face.shares
                crops[face.number].setdefault(first, face.crop)
    seconds = duration / intervals
    return {n: _timeline(sums[n], crops[n], classes, seconds) for n in sums}


def _timeline(
    sums: np.ndarray,
    crops: dict[int, np.ndarray],
    classes: Sequence[str],
    seconds: float,
) -> dict[str, Any]:
    """Draw sums of probabilities (intervals, classes), each interval of so many seconds."""
    present = np.flatnonzero(sums.any(axis=1))
    shares = sums[present] / sums[present].sum(axis=1, keepdims=True)
    tops = HEIGHT * (1 - shares.cumsum(axis=1))
    bottoms = tops + HEIGHT * shares
    width = WIDTH / len(sums)
    areas = [
        "".join(
            f"M{place * width:.1f} {bottom:.1f}V{top:.1f}h{width:.1f}V{bottom:.1f}z"
            for place, top, bottom in zip(present, *edges, strict=True)
        )
        for edges in zip(tops.T, bottoms.T, strict=True)
    ]
    moments = [
        {
            "left": round(place * width, 1),
            "width": round(width, 1),
            "seconds": place * seconds,
            "crop": crops.get(int(place)),
            "emotion": classes[int(own.argmax())],
            "probability": float(own.max()),
        }
        for place, own in zip(present, shares, strict=True)
    ]
    return {"areas": areas, "moments": moments}
