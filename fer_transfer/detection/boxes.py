"""Where a face is in a photo."""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels of the photo as it is displayed; it may reach beyond its border."""

    left: float
    top: float
    width: float
    height: float

    @property
    def longer(self) -> float:
        return max(self.width, self.height)

    @property
    def area(self) -> float:
        return self.width * self.height

    def shared(self, other: "Box") -> float:
        """Return the area that two boxes share."""
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        width = right - max(self.left, other.left)
        return max(width, 0.0) * max(bottom - max(self.top, other.top), 0.0)

    def overlap(self, other: "Box") -> float:
        """Return the intersection over union of two boxes.

        >>> Box(0, 0, 2, 2).overlap(Box(1, 0, 2, 2)) == 2 / 6
        True
        """
        shared = self.shared(other)
        return shared / (self.area + other.area - shared)


class Detection(NamedTuple):
    """A detected face; score is None where the whole image was taken."""

    box: Box
    score: float | None
    tilt: float = 0  # degrees clockwise from upright; 0 where the detector does not say
