"""Where a face is in a photo."""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels of the photo as it is displayed; it may reach beyond its border."""

    left: float
    top: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    @property
    def longer(self) -> float:
        return max(self.width, self.height)

    @property
    def area(self) -> float:
        return self.width * self.height

    def square(self, side: float) -> "Box":
        """Return the square of that side about the box's centre.

        >>> Box(10, 20, 30, 40).square(40)
        Box(left=5.0, top=20.0, width=40, height=40)
        """
        left = self.left + (self.width - side) / 2
        return Box(left, self.top + (self.height - side) / 2, side, side)

    def shared(self, other: "Box") -> float:
        """Return the area that two boxes share."""
        lefts, tops, rights, bottoms = zip(self.corners, other.corners, strict=True)
        return max(0.0, min(rights) - max(lefts)) * max(0.0, min(bottoms) - max(tops))

    def overlap(self, other: "Box") -> float:
        """Return the intersection over union of two boxes.

        >>> Box(0, 0, 2, 2).overlap(Box(1, 0, 2, 2)) == 2 / 6
        True
        """
        shared = self.shared(other)
        return shared / (self.area + other.area - shared)


class Detection(NamedTuple):
    """A detected face, and how it is framed."""

    box: Box
    score: float | None  # None where the whole image was taken
    tilt: float = 0  # degrees clockwise from upright; 0 where the detector does not say
    factor: float = 1  # of the box's longer side, for the side of FER2013's frame

    @property
    def square(self) -> Box:
        """The square that frames the face as FER2013 would."""
        return self.box.square(self.factor * self.box.longer)
