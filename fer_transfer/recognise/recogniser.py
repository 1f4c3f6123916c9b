"""Recognise the emotions of faces from Python.

from fer_transfer import Recogniser
faces = Recogniser()("photo.jpg")
faces.table()
faces.draw()
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from fer_transfer.console.errors import InputError
from fer_transfer.detection import framing, photos
from fer_transfer.detection.boxes import Box, Detection
from fer_transfer.detection.centerface import NEEDED
from fer_transfer.detection.detectors import SMALLEST_FACE, find_detector, whole_image
from fer_transfer.detection.status import Rejected as Rejected
from fer_transfer.recognise import pictures
from fer_transfer.recognise.face import Face, by_emotion, columns
from fer_transfer.recognise.model import Model, default_model

Photo = str | Path | np.ndarray | Image.Image


@dataclass(frozen=True, eq=False)
class Faces(Sequence[Face]):
    """The faces of one photo, from left to right."""

    pixels: np.ndarray  # RGB (height, width, 3) uint8
    faces: tuple[Face, ...]
    classes: tuple[str, ...]
    note: str = ""  # what is unusual about the file

    def table(self) -> pd.DataFrame:
        """Return one row per face: number, box, emotion, probabilities."""
        rows = [[*face.values, *face.shares] for face in self]
        return pd.DataFrame(rows, columns=columns(self.classes))

    def draw(self) -> Image.Image:
        """Return the photo, at most 1280 pixels, with a numbered box around each face."""
        return pictures.draw(self.pixels, self.faces)

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # as tuple's
        return self.faces[index]


class Recogniser:
    """Finds faces in photos and recognises their emotions. Threads may share one."""

    def __init__(
        self,
        model: str | Path | None = None,
        detector: str = "centerface",
        unsure_below: float | None = None,
        smallest_face: int = SMALLEST_FACE,
    ) -> None:
        """Open a model and a detector.

        Args:
            model: An ONNX file of `tools.export`; without one the model of this package.
            detector: `centerface`, `haar`, or `none` where each image is one face.
            unsure_below: Probability below which a face counts as unsure, by default 0.5, or
                1.5 / number of classes if that is more (0.75 for two).
            smallest_face: Pixels of the longer side of the smallest face to be found.

        Raises:
            InputError: If the model or the detector cannot be used.
        """
        self.model = Model(model or default_model())
        self.find = find_detector(detector, smallest_face)
        self.detector = detector
        self.smallest_face = smallest_face
        self.classes = self.model.metadata.classes
        if unsure_below is None:
            unsure_below = max(0.5, 1.5 / len(self.classes))
        if not 0 <= unsure_below <= 1 or smallest_face < NEEDED:
            raise InputError(
                "unsure_below must be within 0 and 1, and smallest_face at least "
                f"{NEEDED}. Got {unsure_below:g} and {smallest_face}."
            )
        self.unsure_below = unsure_below

    def __call__(self, photo: Photo) -> Faces:
        """Recognise the faces of a photo.

        Args:
            photo: A file, an array, RGB (h, w, 3) or grey (h, w) uint8, or a PIL image.

        Raises:
            Rejected: If the file cannot be read; `status` and `reason` say why.
            InputError: If an array has another shape or type.
        """
        if isinstance(photo, str | Path):
            return self.faces(*photos.read_photo(Path(photo)))
        if isinstance(photo, Image.Image):
            return self.faces(*photos.from_image(photo))
        return self.faces(_checked(photo))

    def faces(self, pixels: np.ndarray, note: str = "") -> Faces:
        """Recognise the faces of RGB pixels (h, w, 3) uint8."""
        find = whole_image if photos.is_fer2013_crop(pixels) else self.find
        detections = sorted(find(pixels), key=lambda detection: detection.box)
        faces = tuple(
            self._face(pixels, detection, number)
            for number, detection in enumerate(detections, start=1)
        )
        return Faces(pixels, faces, self.classes, note)

    def _face(self, pixels: np.ndarray, detection: Detection, number: int) -> Face:
        crop = framing.cut_upright(pixels, detection.square, detection.tilt)
        return Face(
            number=number,
            box=Box(*(round(float(side), 1) for side in detection.box)),
            score=detection.score and round(detection.score, 4),
            tilt=round(detection.tilt, 1),
            probabilities=by_emotion(self.classes, self.model.probabilities(crop)),
            unsure_below=self.unsure_below,
            crop=crop,
        )


def _checked(pixels: np.ndarray) -> np.ndarray:
    """Return an array as RGB (h, w, 3)."""
    pixels = np.asarray(pixels)  # None, as OpenCV gives of no photo, is one of objects
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    is_rgb = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    if not is_rgb or not pixels.size:
        raise InputError(
            "A photo as an array must be RGB (h, w, 3) or grey (h, w), uint8. Got "
            f"{pixels.dtype} {pixels.shape}."
        )
    return pixels
