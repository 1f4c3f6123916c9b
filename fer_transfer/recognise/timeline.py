"""The probabilities of each face of a video over time, as stacked areas."""

from collections.abc import Iterable
from itertools import chain, pairwise

import numpy as np

from fer_transfer.recognise.face import Face

INTERVALS = 120  # of a timeline, at most
WIDTH, HEIGHT = 960, 120
COLOURS = ["#c0392b", "#6b8e23", "#7d4fa3", "#f2b705", "#2e6da4", "#ef7f1a", "#b8bec6"]
COLOURS += ["#8c5a3c", "#e07fb0", "#2aa198", "#444b54", "#a5d16b"]


def draw(
    frames: Iterable[tuple[float, list[Face]]],
    numbers: Iterable[int],
    num_classes: int,
    num_frames: int,
    duration: float,
) -> dict[int, list[str]]:
    """Average the probabilities of some faces over the intervals of a video.

    Args:
        frames: Seconds and numbered faces.
        numbers: Of the faces to be drawn.
        num_classes: Of the probabilities.
        num_frames: How many frames there are.
        duration: Seconds up to the end of the last frame.

    Returns:
        By number, the path of SVG of each emotion's area, in the order of the classes.
    """
    intervals = min(INTERVALS, num_frames)
    sums = {number: np.zeros((intervals, num_classes)) for number in numbers}
    end = duration, list[Face]()
    for (time, faces), (following, _) in pairwise(chain(frames, [end])):
        first = min(int(time * intervals / duration), intervals - 1)
        last = max(first + 1, int(following * intervals / duration))  # shown till then
        for face in faces:
            if face.number in sums:
                sums[face.number][first:last] += face.shares
    return {number: _areas(sums[number]) for number in sums}


def _areas(sums: np.ndarray) -> list[str]:
    """Draw sums of probabilities (intervals, classes)."""
    present = np.flatnonzero(sums.any(axis=1))
    shares = sums[present] / sums[present].sum(axis=1, keepdims=True)
    tops = HEIGHT * (1 - shares.cumsum(axis=1))
    bottoms = tops + HEIGHT * shares
    width = WIDTH / len(sums)
    return [
        "".join(
            f"M{place * width:.1f} {bottom:.1f}V{top:.1f}h{width:.1f}V{bottom:.1f}z"
            for place, top, bottom in zip(present, *edges, strict=True)
        )
        for edges in zip(tops.T, bottoms.T, strict=True)
    ]
